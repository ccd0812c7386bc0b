//! `Screenlog.txt`: wells that must not count.

use std::collections::BTreeMap;
use std::path::Path;

use super::Listed;
use super::sheet::Sheet;
use crate::FormatError;
use crate::plate_map::refuse;
use crate::plate_map::text::text_at;
use crate::plate_map::well::Well;

/// Wells that the log takes out.
pub fn flagged(path: &Path, listed: &[Listed]) -> Result<BTreeMap<(String, Well), String>, FormatError> {
    let sheet = Sheet::read(path, &["plate", "filename"])?;
    let by_file = sheet.column("filename");
    let (plate, sample, channel) = (sheet.column("plate"), sheet.column("sample"), sheet.column("channel"));
    let (well, flag, comment) = (sheet.need("well")?, sheet.column("flag"), sheet.column("comment"));
    let (mut flagged, mut mistakes) = (BTreeMap::new(), Vec::new());
    for (line, values) in &sheet.rows {
        let is = |column: Option<usize>, value: &str| column.is_none_or(|c| text_at(values, c) == value);
        let plates: Vec<&Listed> = listed
            .iter()
            .filter(|one| {
                is(by_file, &one.file)
                    && is(plate, &one.plate)
                    && is(sample, &one.replicate)
                    && is(channel, &one.channel)
            })
            .collect();
        if plates.is_empty() {
            mistakes.push(format!("row {line}: expected a plate of the list, found {}", values.join(" ")));
        }
        let place: Result<Well, String> = text_at(values, well).parse();
        let why = [comment, flag].into_iter().flatten().map(|c| text_at(values, c)).find(|t| !t.is_empty());
        match place {
            Ok(place) => plates.iter().for_each(|one| {
                flagged.insert((one.name(), place), why.unwrap_or("flagged").to_owned());
            }),
            Err(message) => mistakes.push(format!("row {line}, column {:?}: {message}", sheet.names[well])),
        }
    }
    if mistakes.is_empty() { Ok(flagged) } else { Err(refuse(path, &mistakes)) }
}
