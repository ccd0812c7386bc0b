//! Zip files: reading members of those that may be made to do harm, without ever writing to the disk; and making new ones.

use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::FormatError;

/// How much a zip file may hold. Sizes are counted while inflating; what headers claim is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipLimits {
    /// Members.
    pub n_members: usize,
    /// Bytes of one member, inflated.
    pub member_bytes: u64,
    /// Bytes of all members that are read, inflated.
    pub total_bytes: u64,
    /// Inflated bytes per byte of the zip file, counted above [`ZipLimits::FREE_BYTES`]. Images reach 2 to 100.
    pub ratio: u64,
}

impl ZipLimits {
    /// Inflated bytes that any zip file may hold, whatever its size.
    pub const FREE_BYTES: u64 = 64 << 20;
}

impl Default for ZipLimits {
    fn default() -> Self {
        ZipLimits { n_members: 2_000_000, member_bytes: 8 << 30, total_bytes: 16 << 30, ratio: 200 }
    }
}

/// An open zip file whose names have been checked.
pub(crate) struct Archive<R> {
    path: PathBuf,
    zip: ZipArchive<R>,
    limits: ZipLimits,
    /// Bytes that may still be inflated.
    left: u64,
    names: Vec<String>,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens a zip of `len` bytes.
    ///
    /// # Errors
    /// When it is not one, has too many members, or a member has a name that leaves the archive or occurs twice, is a
    /// link or is encrypted.
    pub fn open(path: &Path, reader: R, len: u64, limits: ZipLimits) -> Result<Self, FormatError> {
        let broken = |e: zip::result::ZipError| FormatError::new(path, "a zip file", e.to_string());
        let mut zip = ZipArchive::new(reader).map_err(broken)?;
        if zip.len() > limits.n_members {
            let expected = format!("at most {} members", limits.n_members);
            return Err(FormatError::new(path, expected, zip.len().to_string()));
        }
        if zip.has_duplicate_names() {
            return Err(FormatError::new(path, "members with unique names", "a name twice"));
        }
        let mut names = Vec::with_capacity(zip.len().min(1 << 16));
        for i in 0..zip.len() {
            let member = zip.by_index_raw(i).map_err(broken)?;
            let name = member.name().map_err(broken)?.into_owned();
            let refuse = |expected: &str, found: &str| {
                Err(FormatError::new(path, expected, found).at(format!("member {name:?}")))
            };
            if !stays_inside(&name) {
                return refuse("a name inside the archive", "one that leaves it");
            }
            if member.is_symlink() {
                return refuse("a file", "a link");
            }
            if member.encrypted() {
                return refuse("a member that is not encrypted", "an encrypted one");
            }
            names.push(name);
        }
        let by_ratio = ZipLimits::FREE_BYTES.saturating_add(len.saturating_mul(limits.ratio));
        let left = limits.total_bytes.min(by_ratio);
        Ok(Archive { path: path.to_path_buf(), zip, limits, left, names })
    }

    /// Names of all members in the order of the archive; folders end in `/`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Calls `with` on the inflated content of member `index`, which ends with an error at the limits.
    pub fn with_member<T>(
        &mut self,
        index: usize,
        with: impl FnOnce(&mut dyn Read) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        let place = format!("member {:?}", self.names[index]);
        let member = self.zip.by_index(index).map_err(|e| {
            FormatError::new(&self.path, "a stored or deflated member", e.to_string()).at(&*place)
        })?;
        let cap = self.limits.member_bytes.min(self.left);
        let mut counted = Counted { inner: member, left: cap, exceeded: false };
        let result = with(&mut counted);
        self.left -= cap - counted.left;
        if counted.exceeded {
            let expected = format!("at most {cap} bytes when inflated");
            return Err(FormatError::new(&self.path, expected, "more").at(place));
        }
        result.map_err(|e| if e.place.is_none() { e.at(place) } else { e })
    }

    /// The inflated content of member `index`, at most `cap` bytes.
    pub fn read(&mut self, index: usize, cap: u64) -> Result<Vec<u8>, FormatError> {
        let path = self.path.clone();
        self.with_member(index, |reader| {
            let mut bytes = Vec::new();
            reader
                .take(cap + 1)
                .read_to_end(&mut bytes)
                .map_err(|e| FormatError::io(&path, "a member that can be inflated", &e))?;
            if bytes.len() as u64 > cap {
                let expected = format!("at most {cap} bytes when inflated");
                return Err(FormatError::new(&path, expected, "more"));
            }
            Ok(bytes)
        })
    }
}

/// The bytes of a zip with these members. Times are fixed: the same members give the same bytes.
///
/// # Errors
/// A name twice, or more than a zip can hold.
pub fn zip_of(members: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    members.iter().try_for_each(|(name, bytes)| add(&mut zip, name, bytes))?;
    Ok(zip.finish().map_err(std::io::Error::other)?.into_inner())
}

/// Adds one member to a zip, with a fixed time.
pub(crate) fn add(zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    zip.start_file(name, options).map_err(std::io::Error::other)?;
    zip.write_all(bytes)
}

/// Stops with an error once more than `left` bytes would come out.
struct Counted<R> {
    inner: R,
    left: u64,
    exceeded: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if n as u64 > self.left {
            self.exceeded = true;
            return Err(std::io::Error::other("more bytes than allowed"));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

/// Whether a member's name could be joined to a folder without leaving it, on any system.
fn stays_inside(name: &str) -> bool {
    let body = name.strip_suffix('/').unwrap_or(name);
    !body.is_empty()
        && !body.contains(['\\', '\0'])
        && body.as_bytes().get(1) != Some(&b':')
        && body.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether a member is litter of the system that made the archive.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}
