//! A Parquet file as a table of checked columns; the only place that knows polars' types.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use polars_core::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, PolarsNumericType, Series};
pub use polars_core::prelude::{Float32Type, Float64Type, Int32Type, UInt32Type, UInt64Type};
use polars_io::prelude::{ParquetCompression, ParquetReader, ParquetWriter, SerReader};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::StrDeserializer},
};

use super::{RecordError, failed};
use crate::record::atomic;

/// A Parquet file whose columns are checked as they are taken.
pub struct Table<'a> {
    path: &'a Path,
    frame: DataFrame,
}

impl<'a> Table<'a> {
    /// Reads the whole file.
    pub fn read(path: &'a Path) -> Result<Self, RecordError> {
        // Into memory rather than mapped: a file that shrinks while it is mapped kills the process.
        let bytes = std::fs::read(path).map_err(|source| failed("read", path, source))?;
        let torn = |why: String| RecordError::Torn { path: path.to_owned(), why };
        if bytes.len() < 12 || !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") {
            return Err(torn("its first or last mark is not there".to_owned()));
        }
        // Damage inside a page makes polars panic in places; a damaged file is the user's to hear of, not a crash.
        match catch_unwind(AssertUnwindSafe(|| ParquetReader::new(Cursor::new(bytes)).finish())) {
            Ok(Ok(frame)) => Ok(Self { path, frame }),
            Ok(Err(error)) => Err(torn(first_line(&error.to_string()))),
            Err(_) => Err(torn("its pages do not decode".to_owned())),
        }
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    fn column(&self, name: &'static str, wanted: &DataType) -> Result<&Column, RecordError> {
        let wrong = |found: String| RecordError::Column {
            path: self.path.to_owned(),
            column: name,
            found,
            expected: wanted.to_string(),
        };
        let column = self.frame.column(name).map_err(|_| wrong("is missing".to_owned()))?;
        if column.dtype() != wanted {
            return Err(wrong(format!("has type {}", column.dtype())));
        }
        Ok(column)
    }

    /// A column of strings without an empty cell.
    pub fn texts(&self, name: &'static str) -> Result<Vec<&str>, RecordError> {
        let column = self.column(name, &DataType::String)?;
        let cells = column.str().map_err(|error| self.unreadable(&error))?;
        cells.iter().enumerate().map(|(row, cell)| cell.ok_or_else(|| self.empty_cell(name, row))).collect()
    }

    /// A column of numbers without an empty cell.
    pub fn numbers<T: PolarsNumericType>(&self, name: &'static str) -> Result<Vec<T::Native>, RecordError> {
        let cells = self.optional_numbers::<T>(name)?;
        cells.into_iter().enumerate().map(|(row, cell)| cell.ok_or_else(|| self.empty_cell(name, row))).collect()
    }

    /// A column of numbers.
    pub fn optional_numbers<T: PolarsNumericType>(
        &self,
        name: &'static str,
    ) -> Result<Vec<Option<T::Native>>, RecordError> {
        let column = self.column(name, &T::get_static_dtype())?;
        let series = column.as_materialized_series();
        let cells = series.unpack::<T>().map_err(|error| self.unreadable(&error))?;
        Ok(cells.iter().collect())
    }

    fn unreadable(&self, error: &dyn std::fmt::Display) -> RecordError {
        RecordError::Torn { path: self.path.to_owned(), why: first_line(&error.to_string()) }
    }

    /// The variant that a cell names.
    pub fn variant<T: for<'de> Deserialize<'de>>(
        &self,
        column: &'static str,
        row: usize,
        name: &str,
    ) -> Result<T, RecordError> {
        let from: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        T::deserialize(from).map_err(|_| self.cell(column, row, format!("`{name}` is not known")))
    }

    fn empty_cell(&self, column: &'static str, row: usize) -> RecordError {
        self.cell(column, row, "the cell is empty".to_owned())
    }

    /// What is wrong with a cell; rows count from 0 here.
    pub fn cell(&self, column: &'static str, row: usize, why: String) -> RecordError {
        RecordError::Cell { path: self.path.to_owned(), column, row: row + 1, why }
    }
}

/// A column of a table that is to be written.
pub fn column<T, C: ?Sized>(name: &str, cells: T) -> Column
where
    Series: NamedFrom<T, C>,
{
    Series::new(name.into(), cells).into_column()
}

/// Writes a table, whole or not at all.
pub fn write(path: &Path, height: usize, columns: Vec<Column>) -> Result<(), RecordError> {
    let encode = |error: polars_core::prelude::PolarsError| RecordError::Encode {
        path: path.to_owned(),
        why: first_line(&error.to_string()),
    };
    let mut frame = DataFrame::new(height, columns).map_err(encode)?;
    let mut bytes = Vec::new();
    // Encoded in memory first, so that an error of the disk is told from one of the encoding.
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(encode)?;
    atomic::write(path, &bytes).map_err(|source| failed("write", path, source))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
