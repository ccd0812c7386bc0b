//! OME-XML in the description of the first page: images, axes, channels, physical sizes, and where each plane is.
//!
//! # Source
//! OME data model 2016-06 and the OME-TIFF specification (ome-model.readthedocs.io).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node, ParsingOptions};

use super::super::bytes::Bytes;
use super::super::field::Sizes;
use super::super::{Place, units};
use super::ifd::{self, Ifd, tag};
use super::layout::{Layout, MAX_PLANES, Source};
use super::{MAX_DESCRIPTION, Tiff, beside};
use crate::{FormatError, input};

/// Most elements and attributes of a description.
const MAX_NODES: u32 = 1 << 25;
/// Most elements within each other; the parser calls itself for each.
const MAX_DEPTH: usize = 64;

/// Whether a description is OME-XML.
pub(super) fn is_ome(description: &str) -> bool {
    let start = description.trim_start_matches('\u{feff}').trim_start();
    let tags = ["<?xml", "<OME", "<ome:OME"];
    tags.iter().any(|t| start.starts_with(t)) && start.contains("OME")
}

/// The fields that a description tells of. Other files that it names are added to `paths`.
pub(super) fn layouts(
    tiff: &Tiff,
    description: &str,
    paths: &mut Vec<PathBuf>,
) -> Result<Vec<Layout>, FormatError> {
    let document = parse(tiff, description)?;
    let root = document.root_element();
    let own_uuid = root.attribute("UUID");
    let mut files = FileNames { tiff, own_uuid, holder: None, indices: BTreeMap::new(), n_missing: 0, paths };
    // Metadata of an image of many files may be in one of them, or in one of their own.
    if let Some(name) = child(root, "BinaryOnly").and_then(|n| n.attribute("MetadataFile")) {
        let path = beside(tiff.bytes.path(), name).filter(|p| p.exists());
        let path = path.ok_or_else(|| tiff.bytes.refuse(format!("the file {name:?} beside it"), "none"))?;
        files.holder = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let text = metadata(&path)?;
        return read(files, parse(tiff, &text)?.root_element());
    }
    read(files, root)
}

/// OME-XML in a file of its own, or in the description of another TIFF file.
fn metadata(path: &Path) -> Result<String, FormatError> {
    let bytes = Bytes::open(path)?;
    if !matches!(bytes.read_up_to(0, 2)?[..], [b'I', b'I'] | [b'M', b'M']) {
        return Ok(String::from_utf8_lossy(&input::read(path, MAX_DESCRIPTION)?).into_owned());
    }
    let (form, at) = ifd::header(&bytes)?;
    Ifd::read(&bytes, form, at)?.text(&bytes, tag::DESCRIPTION, MAX_DESCRIPTION)
}

fn parse<'a>(tiff: &Tiff, text: &'a str) -> Result<Document<'a>, FormatError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if depth(text) > MAX_DEPTH {
        return Err(tiff.bytes.refuse(format!("OME-XML of at most {MAX_DEPTH} levels"), "more"));
    }
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|e| tiff.bytes.refuse("OME-XML", e.to_string()))
}

/// A bound on how deep the elements of a text are nested.
fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0usize, 0);
    for part in text.split('<').skip(1) {
        match part.as_bytes().first() {
            Some(b'/') => now = now.saturating_sub(1),
            Some(b'?' | b'!') => {}
            _ if part.split('>').next().is_some_and(|tag| tag.ends_with('/')) => {}
            _ => now += 1,
        }
        most = most.max(now);
    }
    most
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    children(node, name).next()
}

fn children<'a, 'b: 'a>(node: Node<'a, 'b>, name: &str) -> impl Iterator<Item = Node<'a, 'b>> {
    let name = name.to_owned();
    node.children().filter(move |n| n.tag_name().name() == name)
}

fn read(mut files: FileNames, root: Node) -> Result<Vec<Layout>, FormatError> {
    let wells = wells(root);
    let mut layouts: Vec<Layout> = children(root, "Image")
        .filter_map(|image| Some((image, child(image, "Pixels")?)))
        .enumerate()
        .map(|(i, (image, pixels))| {
            let name = image.attribute("Name").unwrap_or_default();
            let mut place = image.attribute("ID").and_then(|id| wells.get(id)).cloned().unwrap_or_default();
            place.name = if name.is_empty() { format!("image {i}") } else { name.to_owned() };
            read_pixels(&mut files, pixels, place).map_err(|e| e.at(format!("image {i} of the OME-XML")))
        })
        .collect::<Result<_, _>>()?;
    let n = layouts.len();
    layouts.retain(|layout| layout.planes.iter().any(Option::is_some));
    if layouts.is_empty() {
        let expected = "an image in the OME-XML whose files are there";
        return Err(files.tiff.bytes.refuse(expected, format!("{n} images, none with a file")));
    }
    if files.n_missing > 0 {
        let n_left_out = n - layouts.len();
        let note = format!("files that the metadata name are missing: {}", files.n_missing);
        let note = if n_left_out == 0 { note } else { format!("{note}; images left out: {n_left_out}") };
        layouts.iter_mut().for_each(|layout| layout.notes.push(note.clone()));
    }
    Ok(layouts)
}

/// Plate, well and number of the field of each image that is in a plate.
fn wells(root: Node) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for plate in children(root, "Plate") {
        let name = plate.attribute("Name").or_else(|| plate.attribute("ID")).unwrap_or_default();
        for well in children(plate, "Well") {
            let index = |key| well.attribute(key).and_then(|v: &str| v.parse::<usize>().ok());
            let (Some(row), Some(column)) = (index("Row"), index("Column")) else { continue };
            for (i, sample) in children(well, "WellSample").enumerate() {
                let Some(id) = child(sample, "ImageRef").and_then(|r| r.attribute("ID")) else { continue };
                let place = Place {
                    plate: Some(name.to_owned()),
                    well: Some(units::well_name(row, column)),
                    field: Some(i.to_string()),
                    ..Place::default()
                };
                places.insert(id.to_owned(), place);
            }
        }
    }
    places
}

/// Indices of the files that planes are in.
struct FileNames<'a> {
    tiff: &'a Tiff,
    own_uuid: Option<&'a str>,
    /// The file that the metadata are in, when it is another one.
    holder: Option<String>,
    /// None of files that are missing.
    indices: BTreeMap<String, Option<u32>>,
    n_missing: usize,
    paths: &'a mut Vec<PathBuf>,
}

impl FileNames<'_> {
    /// The file that some planes are in; none when it is missing.
    fn index(&mut self, data: Node) -> Option<u32> {
        let own = self.tiff.bytes.path();
        let uuid = child(data, "UUID");
        let name = match (uuid.and_then(|u| u.attribute("FileName")), &self.holder) {
            (Some(name), _) => name.to_owned(),
            (None, Some(holder)) => holder.clone(),
            (None, None) => return Some(0),
        };
        // A file that was renamed still knows its identifier.
        let is_own = uuid.and_then(|u| u.text()).is_some_and(|t| Some(t.trim()) == self.own_uuid);
        if is_own || name.is_empty() || own.file_name().is_some_and(|n| *n == *name) {
            return Some(0);
        }
        if let Some(&index) = self.indices.get(&name) {
            return index;
        }
        let index = beside(own, &name).filter(|p| p.is_file()).map(|path| {
            self.paths.push(path);
            self.paths.len() as u32 - 1
        });
        self.n_missing += usize::from(index.is_none());
        self.indices.insert(name, index);
        index
    }
}

fn read_pixels(files: &mut FileNames, pixels: Node, place: Place) -> Result<Layout, FormatError> {
    let bytes = &files.tiff.bytes;
    let size = |key: &str| {
        let said = pixels.attribute(key).unwrap_or_default();
        let n = said.trim().parse::<usize>().ok().filter(|n| *n > 0);
        n.ok_or_else(|| bytes.refuse(format!("a positive number as {key}"), format!("{said:?}")))
    };
    let (n_t, n_z, size_c) = (size("SizeT")?, size("SizeZ")?, size("SizeC")?);
    let number = |node: Node, key: &str| node.attribute(key).and_then(|v| v.trim().parse::<f64>().ok());
    let samples =
        |c: &Node| c.attribute("SamplesPerPixel").and_then(|s| s.parse::<usize>().ok()).unwrap_or(1);
    let channels: Vec<Node> = children(pixels, "Channel").collect();
    let said: usize = channels.iter().map(samples).sum();
    let mut names: Vec<String> =
        channels.iter().map(|c| c.attribute("Name").unwrap_or_default().trim().to_owned()).collect();
    if said != size_c {
        // Without elements for the channels, the pages tell how many samples each has.
        let together = files.tiff.pages[0].kind.samples.max(1);
        names = vec![String::new(); if size_c % together == 0 { size_c / together } else { size_c }];
    }
    let shape = [n_t, n_z, names.len()];
    let n = shape.into_iter().try_fold(1usize, usize::checked_mul).filter(|n| *n <= MAX_PLANES);
    let Some(n) = n else {
        let found = format!("{n_t} x {n_z} x {}", names.len());
        return Err(bytes.refuse(format!("at most {MAX_PLANES} planes"), found));
    };
    let order = Order::parse(pixels.attribute("DimensionOrder").unwrap_or("XYZCT"), shape)
        .ok_or_else(|| bytes.refuse("a DimensionOrder such as XYZCT", "another"))?;
    let length = |key: &str| {
        let unit = pixels.attribute(&*format!("{key}Unit")).unwrap_or("µm");
        Some(number(pixels, key).filter(|v| *v > 0.0)? * units::um(unit)?)
    };
    let sizes = Sizes {
        y_um: length("PhysicalSizeY"),
        x_um: length("PhysicalSizeX"),
        z_um: length("PhysicalSizeZ"),
        t_s: number(pixels, "TimeIncrement")
            .filter(|v| *v > 0.0)
            .zip(units::seconds(pixels.attribute("TimeIncrementUnit").unwrap_or("s")))
            .map(|(n, s)| n * s),
    };
    let mut planes = vec![None; n];
    let (h, w) = (size("SizeY")?, size("SizeX")?);
    place_planes(files, pixels, &order, &mut planes)?;
    let bits = pixels.attribute("SignificantBits").and_then(|b| b.parse().ok());
    let layout = Layout { place, n_t, n_z, names, planes, sizes, bits, ..Layout::default() };
    check_size(files.tiff, &layout, h, w)?;
    Ok(layout)
}

/// The order in which planes without an index of their own follow each other.
struct Order {
    /// Steps of t, z, c in the count of planes, and how many there are of each.
    steps: [usize; 3],
    shape: [usize; 3],
}

impl Order {
    fn parse(text: &str, shape: [usize; 3]) -> Option<Self> {
        let axes = text.strip_prefix("XY")?;
        let mut steps = [0; 3];
        let mut step = 1;
        for axis in axes.chars() {
            let i = "TZC".find(axis)?;
            steps[i] = step;
            step *= shape[i];
        }
        (axes.len() == 3 && steps.iter().all(|s| *s > 0)).then_some(Order { steps, shape })
    }

    /// Position in `[t, z, c]` of plane `n` of the order.
    fn position(&self, n: usize) -> usize {
        let at = |i: usize| n / self.steps[i] % self.shape[i];
        (at(0) * self.shape[1] + at(1)) * self.shape[2] + at(2)
    }

    /// The place in the order of a frame, focal plane and channel.
    fn index(&self, [t, z, c]: [usize; 3]) -> Option<usize> {
        let within = [t, z, c].iter().zip(self.shape).all(|(i, n)| *i < n);
        within.then(|| t * self.steps[0] + z * self.steps[1] + c * self.steps[2])
    }
}

/// Fills in which page each plane is.
fn place_planes(
    files: &mut FileNames,
    pixels: Node,
    order: &Order,
    planes: &mut [Option<Source>],
) -> Result<(), FormatError> {
    let mut n_elements = 0;
    for data in children(pixels, "TiffData") {
        n_elements += 1;
        let number = |key: &str| data.attribute(key).and_then(|v| v.trim().parse::<usize>().ok());
        let Some(file) = files.index(data) else { continue };
        let (ifd, count) = (number("IFD"), number("PlaneCount"));
        let first = [number("FirstT"), number("FirstZ"), number("FirstC")].map(Option::unwrap_or_default);
        let refuse = |found: String| files.tiff.bytes.refuse("a TiffData within the image", found);
        let start = order.index(first).ok_or_else(|| refuse(format!("{first:?}")))?;
        // A page alone is one plane; nothing said means all that follow.
        let count = count.unwrap_or(if ifd.is_some() { 1 } else { planes.len() - start });
        let page = u32::try_from(ifd.unwrap_or(0)).map_err(|_| refuse(format!("IFD {ifd:?}")))?;
        if count > planes.len() - start {
            return Err(refuse(format!("{count} planes from plane {start}")));
        }
        for i in 0..count {
            let source = Source { file, page: page.saturating_add(i as u32), nth: 0 };
            planes[order.position(start + i)] = Some(source);
        }
    }
    if n_elements == 0 {
        for i in 0..planes.len() {
            planes[order.position(i)] = Some(Source { page: i as u32, ..Source::default() });
        }
    }
    Ok(())
}

/// That the pages of the file itself are there and have the size that the metadata tell.
fn check_size(tiff: &Tiff, layout: &Layout, h: usize, w: usize) -> Result<(), FormatError> {
    for source in layout.planes.iter().flatten().filter(|s| s.file == 0) {
        let page = tiff.pages.get(source.page as usize).ok_or_else(|| {
            let expected = format!("page {}, as the OME-XML says", source.page);
            tiff.bytes.refuse(expected, format!("{} pages", tiff.pages.len()))
        })?;
        if (page.kind.h, page.kind.w) != (h, w) {
            let found = format!("{} rows x {} columns on page {}", page.kind.h, page.kind.w, source.page);
            return Err(tiff.bytes.refuse(format!("{h} rows x {w} columns, as the OME-XML says"), found));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_follow_the_order_of_dimensions() {
        // 3 frames, 2 focal planes, 2 channels.
        let order = Order::parse("XYCZT", [3, 2, 2]).unwrap();
        let all: Vec<usize> = (0..12).map(|n| order.position(n)).collect();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
        let order = Order::parse("XYTZC", [3, 2, 2]).unwrap();
        assert_eq!(order.position(1), 4, "the second plane is the second frame");
        assert_eq!(order.index([0, 0, 1]), Some(6));
        assert!(Order::parse("XYZZT", [3, 2, 2]).is_none());
        assert!(Order::parse("ZYXCT", [3, 2, 2]).is_none());
    }

    #[test]
    fn depth_is_counted() {
        assert_eq!(depth("<a><b/><c><d x='1'/></c></a>"), 2);
        assert_eq!(depth(&"<a>".repeat(1000)), 1000);
    }
}
