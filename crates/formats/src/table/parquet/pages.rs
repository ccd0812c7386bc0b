//! Pages of a column, whose claims are checked before the decoder takes memory for them.

use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

/// Pages as they are read, but that a dictionary must be able to hold the values that it claims.
pub struct CheckedPages(pub Box<dyn PageReader>);

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        checked(self.0.get_next_page()?)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.0.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        checked(self.0.take_deferred_dictionary()?)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.0.at_record_boundary()
    }
}

/// Values of a dictionary are stored plainly: each takes a byte at least.
fn checked(page: Option<Page>) -> Result<Option<Page>> {
    match &page {
        Some(Page::DictionaryPage { buf, num_values, .. }) if *num_values as usize > buf.len() => {
            let message = format!("a dictionary of {num_values} values in {} bytes", buf.len());
            Err(ParquetError::General(message))
        }
        _ => Ok(page),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::{Column, Table};

    #[test]
    fn a_dictionary_claims_no_more_values_than_its_bytes_hold() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.parquet");
        let text = |words: [&str; 3]| Column::Text(words.map(|word| Some(word.to_owned())).to_vec());
        let mut table = Table::default();
        table.push("well", text(["A01", "A02", "A01"]));
        table.write(&path).expect("a file");
        let mut bytes = std::fs::read(&path).expect("its bytes");
        assert_eq!(Table::parse(&path, bytes.clone()).expect("a table"), table);
        // The header of a dictionary page: its number of values (2, then 63) in Thrift's compact form, and plain encoding.
        let header = [0x4c, 0x15, 0x04, 0x15, 0x00];
        let at = bytes.windows(header.len()).position(|part| part == header).expect("a dictionary");
        bytes[at + 2] = 0x7e;
        let message = Table::parse(Path::new("a.parquet"), bytes).expect_err("a claim").to_string();
        assert!(
            message.contains("column \"well\"") && message.contains("a dictionary of 63 values in 14 bytes"),
            "{message}"
        );
    }
}
