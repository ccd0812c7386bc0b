//! TIFF and BigTIFF: directories, pages, and the fields that metadata of OME, ImageJ or tifffile make of them.
//!
//! Both byte orders; strips and tiles; samples side by side or in planes; uncompressed, LZW (also as before TIFF 6),
//! Deflate, PackBits, ZSTD, JPEG; predictors 2 and 3; integers of 1 to 32 and 64 bits, floats of 16, 24, 32 and 64.
//! Values are as stored: palettes are not applied, and *white is zero* is not turned around.

mod codec;
mod ifd;
mod imagej;
mod jpeg;
mod layout;
mod lsm;
mod metamorph;
mod ome;
mod page;
mod pixels;
mod plain;
mod read;
mod shaped;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use self::ifd::{Form, Ifd, tag};
use self::layout::{Layout, Source};
use self::page::{Kind, Page};
pub(crate) use self::plain::Pages;
use super::bytes::Bytes;
use super::field::{Facts, Planes};
use super::{At, Field, Fields, Level, Place, Plane, Values, Window};
use crate::{FormatError, foreign};

/// Most pages of a file.
const MAX_PAGES: usize = 1 << 20;
/// Longest description, in bytes.
const MAX_DESCRIPTION: u64 = 1 << 28;
/// Files of an image of many files that are kept open.
const MAX_OPEN: usize = 16;

/// An open TIFF file and where its pages are.
#[derive(Debug)]
pub(super) struct Tiff {
    bytes: Bytes,
    form: Form,
    pages: Vec<Listed>,
    /// Whether it is by Zeiss, whose programs say a few things in their own way.
    is_lsm: bool,
}

/// A page of the chain of directories.
#[derive(Debug, Clone, Copy)]
struct Listed {
    at: u64,
    kind: Kind,
    /// A smaller version of another page, or a mask of one.
    reduced: bool,
}

impl Tiff {
    /// Walks along the chain of directories.
    pub fn open(bytes: Bytes) -> Result<Self, FormatError> {
        let (form, mut at) = ifd::header(&bytes)?;
        let (mut pages, mut seen, mut is_lsm) = (Vec::new(), HashSet::new(), false);
        while at != 0 {
            let page = pages.len();
            if page >= MAX_PAGES || !seen.insert(at) {
                let found = if page >= MAX_PAGES { "more" } else { "directories that go round in a circle" };
                return Err(bytes.refuse(format!("at most {MAX_PAGES} pages"), found));
            }
            let placed = |e: FormatError| e.at(format!("page {page}"));
            let ifd = Ifd::read(&bytes, form, at).map_err(placed)?;
            refuse_by_name(&bytes, &ifd)?;
            is_lsm |= page == 0 && ifd.find(tag::ZEISS_LSM).is_some();
            let kind = Kind::read(&bytes, &ifd, is_lsm).map_err(placed)?;
            let reduced = page > 0 && ifd.one(&bytes, tag::SUBFILE_TYPE, 0)? & 5 != 0;
            pages.push(Listed { at, kind, reduced });
            at = ifd.next;
        }
        if pages.is_empty() {
            return Err(bytes.refuse("a page", "none"));
        }
        Ok(Tiff { bytes, form, pages, is_lsm })
    }

    fn page(&self, source: Source) -> Result<Page, FormatError> {
        let listed = self.pages.get(source.page as usize).ok_or_else(|| {
            let expected = format!("page {}", source.page);
            self.bytes.refuse(expected, format!("{} pages", self.pages.len()))
        })?;
        let page = Page::read(&self.bytes, self.form, listed.at, self.is_lsm);
        let page = page.map_err(|e| e.at(format!("page {}", source.page)))?;
        if source.nth == 0 { Ok(page) } else { page.stacked(&self.bytes, source.nth.into()) }
    }
}

/// A format that begins as TIFF but has its pixels in another way.
fn refuse_by_name(bytes: &Bytes, ifd: &Ifd) -> Result<(), FormatError> {
    match ifd.find(tag::HAMAMATSU) {
        None => Ok(()),
        Some(_) => {
            let expected = "an image that is read (convert it with bfconvert to OME-TIFF)";
            Err(bytes.refuse(expected, "a Hamamatsu NDPI slide"))
        }
    }
}

/// The fields of a TIFF file.
pub(super) struct TiffFields {
    files: Arc<Files>,
    layouts: Vec<Layout>,
}

/// Finds out what the pages are. Gives the format's name, the fields' names, and the fields.
pub(super) fn open(bytes: Bytes) -> Result<(&'static str, Vec<Place>, TiffFields), FormatError> {
    let path = bytes.path().to_path_buf();
    let tiff = Tiff::open(bytes)?;
    let first = Ifd::read(&tiff.bytes, tiff.form, tiff.pages[0].at)?;
    let description = first.text(&tiff.bytes, tag::DESCRIPTION, MAX_DESCRIPTION)?;
    let (mut paths, mut format) = (vec![path.clone()], "TIFF");
    let layouts = if ome::is_ome(&description) {
        format = "OME-TIFF";
        foreign::decode(&path, "OME-XML", || ome::layouts(&tiff, &description, &mut paths))?
    } else if let Some(layouts) = lsm::layouts(&tiff, &first)? {
        format = "Zeiss LSM";
        layouts
    } else if let Some(layout) = metamorph::layout(&tiff, &first)? {
        format = "MetaMorph STK";
        vec![layout]
    } else if let Some(layout) = imagej::layout(&tiff, &first, &description)? {
        format = "ImageJ TIFF";
        vec![layout]
    } else if let Some(layout) = shaped::layout(&tiff, &description)? {
        vec![layout]
    } else {
        layout::of_pages(&tiff, &first)?
    };
    let places = layouts.iter().map(|layout| layout.place.clone()).collect();
    let files = Files { first: Arc::new(tiff), paths, open: Mutex::new(Vec::new()) };
    Ok((format, places, TiffFields { files: Arc::new(files), layouts }))
}

impl Fields for TiffFields {
    fn field(&self, index: usize) -> Result<Field, FormatError> {
        let layout = &self.layouts[index];
        let path = &self.files.paths[0];
        let Some(&Some(source)) = layout.planes.iter().find(|s| s.is_some()) else {
            return Err(FormatError::new(path, "pages of this field", "none"));
        };
        let tiff = self.files.get(source.file)?;
        let page = tiff.page(source)?;
        let mut levels = vec![page.kind];
        let coarser = layout.reduced.iter().map(|&p| tiff.pages[p].at).chain(page.sub_ifds.iter().copied());
        for at in coarser {
            let Some(Page { kind, .. }) = Page::level(&tiff.bytes, tiff.form, at)? else { continue };
            let same = (kind.samples, kind.planar, kind.bits, kind.dtype);
            if same == (page.kind.samples, page.kind.planar, page.kind.bits, page.kind.dtype) {
                levels.push(kind);
            }
        }
        let facts = Facts {
            n_t: layout.n_t,
            n_z: layout.n_z,
            channels: layout.channel_names(page.kind.samples, page.is_rgb()),
            dtype: page.kind.dtype,
            bits: layout.bits.unwrap_or(page.kind.bits),
            levels: levels.iter().map(|k| Level { h: k.h, w: k.w }).collect(),
            sizes: layout.sizes,
            notes: layout.notes.clone(),
        };
        let planes = TiffPlanes { files: Arc::clone(&self.files), layout: layout.clone(), levels };
        Ok(Field::new(path, facts, planes))
    }
}

/// The file itself, and others that its metadata name.
struct Files {
    first: Arc<Tiff>,
    paths: Vec<PathBuf>,
    open: Mutex<Vec<(u32, Arc<Tiff>)>>,
}

impl Files {
    fn get(&self, file: u32) -> Result<Arc<Tiff>, FormatError> {
        if file == 0 {
            return Ok(Arc::clone(&self.first));
        }
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tiff)) = lock().iter().find(|(f, _)| *f == file) {
            return Ok(Arc::clone(tiff));
        }
        let tiff = Arc::new(Tiff::open(Bytes::open(&self.paths[file as usize])?)?);
        let mut open = lock();
        if open.len() >= MAX_OPEN {
            open.remove(0);
        }
        open.push((file, Arc::clone(&tiff)));
        Ok(tiff)
    }
}

struct TiffPlanes {
    files: Arc<Files>,
    layout: Layout,
    levels: Vec<Kind>,
}

impl TiffPlanes {
    /// Values of one page, `[h, w, k]`.
    fn values(&self, level: usize, at: At, plane: usize, window: Window) -> Result<Values, FormatError> {
        let source = self.layout.source(at).ok_or_else(|| {
            let expected = format!("a page for {at}");
            FormatError::new(&self.files.paths[0], expected, "none in the metadata, or its file is missing")
        })?;
        let tiff = self.files.get(source.file)?;
        let mut page = tiff.page(source)?;
        if level > 0 {
            let listed = self.layout.reduced.iter().map(|&p| tiff.pages[p].at);
            let coarser: Vec<u64> = listed.chain(page.sub_ifds.iter().copied()).collect();
            // Levels of another type were passed over.
            let mut n = 0;
            for at in coarser {
                let Some(candidate) = Page::level(&tiff.bytes, tiff.form, at)? else { continue };
                n += usize::from(candidate.kind == self.levels[n + 1]);
                if n == level {
                    page = candidate;
                    break;
                }
            }
        }
        if page.kind != self.levels[level] {
            let name =
                |k: Kind| format!("{} x {} x {} of {} bits, {}", k.h, k.w, k.samples, k.bits, k.dtype.name());
            let error = tiff.bytes.refuse(name(self.levels[level]), name(page.kind));
            return Err(error.at(format!("page {}, level {level}", source.page)));
        }
        let values = read::window(&tiff.bytes, &page, plane, window);
        values.map_err(|e| {
            let place = e.place.clone().map_or(String::new(), |p| format!(", {p}"));
            e.at(format!("page {}{place}", source.page + source.nth))
        })
    }
}

impl Planes for TiffPlanes {
    fn read(
        &self,
        level: usize,
        at: At,
        n_channels: usize,
        window: Window,
    ) -> Result<Vec<Plane>, FormatError> {
        let Kind { samples, planar, .. } = self.levels[0];
        let plane = |values| Plane { h: window.h, w: window.w, values };
        let channels = at.c..at.c + n_channels;
        if samples == 1 || planar {
            let one = |c: usize| {
                let values = self.values(level, At { c: c / samples, ..at }, c % samples, window)?;
                Ok(plane(values))
            };
            return channels.into_par_iter().map(one).collect();
        }
        let mut planes = Vec::with_capacity(n_channels);
        for page in channels.start / samples..channels.end.div_ceil(samples) {
            let values = self.values(level, At { c: page, ..at }, 0, window)?;
            let of_page = (page * samples).max(channels.start)..((page + 1) * samples).min(channels.end);
            planes.extend(of_page.map(|c| plane(values.sample(samples, c % samples))));
        }
        Ok(planes)
    }
}

/// The last component of a path that a file names: nothing outside the folder is opened.
fn beside(path: &Path, name: &str) -> Option<PathBuf> {
    let name = name.rsplit(['/', '\\']).next().filter(|n| !matches!(*n, "" | "." | ".."))?;
    Some(path.with_file_name(name))
}
