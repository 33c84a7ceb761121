//! A delimited text table with a header line becomes numbers, or a mistake with its line and column.

use std::{
    collections::{HashMap, HashSet},
    io::Cursor,
    path::Path,
    sync::Arc,
};

use polars_core::prelude::{DataFrame, DataType, Field, PolarsResult, Schema};
use polars_io::{
    SerReader,
    csv::read::{CsvParseOptions, CsvReadOptions},
};

use super::{
    DataError,
    error::{Excerpt, shown},
    file,
    scan::{self, BadQuote, Record},
};
use crate::experiment::{
    Missing,
    excerpt::{is_steering, shortened},
    reader::MOST_FEATURES,
    suggest::{listed, nearest},
};

/// Numbers of a table, before split and scaling.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbers {
    /// Row-major `[N, features]`.
    pub inputs: Vec<f64>,
    /// Row-major `[N, targets]`.
    pub targets: Vec<f64>,
    /// Names of the feature columns.
    pub features: Vec<String>,
    /// Rows that are left.
    pub rows: usize,
    /// Rows left out for missing cells.
    pub dropped: usize,
}

/// What the configuration says of a table.
pub(super) struct Wanted<'a> {
    pub path: &'a Path,
    /// Empty: every column that is not a target.
    pub features: &'a [String],
    pub targets: &'a [String],
    pub delimiter: char,
    pub missing: Missing,
}

/// Longest cell that is read as a number \[bytes\]: f64 has 767 digits at most that mean anything.
const LONGEST_NUMBER: usize = 1000;

/// Texts that mean "no value", lower case.
const MISSING: &[&str] = &["", "na", "n/a", "#n/a", "nan", "null", "none", "?", "."];

/// Reads the table.
///
/// - Errors: the first thing that is wrong, with its place.
pub(super) fn read(wanted: &Wanted<'_>) -> Result<Numbers, DataError> {
    let text = file::text(wanted.path)?;
    Sheet::new(wanted, text.trim_start_matches('\u{feff}'))?.numbers()
}

/// A text whose records are known and all have as many cells as the header.
struct Sheet<'a> {
    wanted: &'a Wanted<'a>,
    text: &'a str,
    quoted: bool,
    delimiter: u8,
    header: Vec<String>,
    /// First column of each name.
    places: HashMap<String, usize>,
    rows: Vec<Record>,
}

impl<'a> Sheet<'a> {
    fn new(wanted: &'a Wanted<'a>, text: &'a str) -> Result<Self, DataError> {
        let path = wanted.path;
        // The reader lets only ASCII through.
        let delimiter = u8::try_from(wanted.delimiter).unwrap_or(b',');
        let quoted = scan::is_quoted(text, delimiter);
        let mut rows = scan::records(text, delimiter, quoted).map_err(|bad| bad_quote(path, text, &bad))?;
        if rows.is_empty() {
            return Err(DataError::Empty { path: shown(path) });
        }
        let first = rows.remove(0);
        let line = &text[first.bytes.clone()];
        let cells = scan::cells(line, delimiter, quoted);
        let header: Vec<String> =
            cells.iter().map(|cell| scan::content(&line[cell.clone()], quoted).into_owned()).collect();
        let mut places = HashMap::with_capacity(header.len());
        for (column, name) in header.iter().enumerate() {
            places.entry(name.clone()).or_insert(column);
        }
        let sheet = Self { wanted, text, quoted, delimiter, header, places, rows };
        sheet.check_header(&first, &cells)?;
        sheet.check_rows(&first)?;
        Ok(sheet)
    }

    fn check_header(&self, first: &Record, cells: &[std::ops::Range<usize>]) -> Result<(), DataError> {
        let fault = |index: usize, message: String, help: &str| {
            let (line, at) =
                Excerpt::new(self.wanted.path, first.line, &self.text[first.bytes.clone()], cells[index].clone());
            Err(DataError::Header { message, line, at, help: help.to_owned() })
        };
        if self.header.iter().all(|name| name.parse::<f64>().is_ok()) {
            return fault(
                0,
                "the first line holds numbers, not names".to_owned(),
                "add a line of column names above it",
            );
        }
        for (index, name) in self.header.iter().enumerate() {
            if let Some(before) = self.places.get(name).filter(|before| **before != index && !name.is_empty()) {
                let message = format!("columns {} and {} are both named `{}`", before + 1, index + 1, shortened(name));
                return fault(index, message, "give each column a name of its own");
            }
            if name.chars().any(|character| is_steering(character) && character != '\t') {
                // Names go to terminals and reports.
                let message =
                    format!("the name of column {} has a control character: `{}`", index + 1, shortened(name));
                return fault(index, message, "take line breaks and other control characters out of the header");
            }
            // A column without a name can be left out by naming the others.
            if name.is_empty() && self.wanted.features.is_empty() {
                let message = format!("column {} has no name", index + 1);
                return fault(
                    index,
                    message,
                    "name the features in `data.features`; row numbers written by pandas are none",
                );
            }
        }
        Ok(())
    }

    fn check_rows(&self, first: &Record) -> Result<(), DataError> {
        let Some(odd) = self.rows.iter().find(|row| row.cells != first.cells) else { return Ok(()) };
        let line = &self.text[odd.bytes.clone()];
        let cells = scan::cells(line, self.delimiter, self.quoted);
        // The first cell too many, or the last one of a row that stops short.
        let at = cells.get(first.cells).or(cells.last()).cloned().unwrap_or(0..line.len());
        let (line, at) = Excerpt::new(self.wanted.path, odd.line, line, at);
        let message = format!("line {} has {} cells, the header has {}", odd.line, odd.cells, first.cells);
        let help = if odd.cells > first.cells {
            "put quotes around a cell that holds the delimiter; decimals are written with a point"
        } else {
            "add the missing cells; an empty cell still needs its delimiter"
        };
        Err(DataError::Row { message, line, at, help: help.to_owned() })
    }

    /// Index of a column.
    fn column(&self, name: &str, key: &'static str) -> Result<usize, DataError> {
        self.places.get(name).copied().ok_or_else(|| {
            let names = self.header.iter().map(String::as_str).filter(|name| !name.is_empty());
            let all = format!("the columns are {}", listed(names.clone()));
            let other = [('\t', "\\t"), (';', ";"), ('|', "|"), (',', ",")].into_iter();
            let mut other =
                other.filter(|(character, _)| self.header.len() == 1 && self.header[0].contains(*character));
            let help = match (other.next(), nearest(name, names)) {
                (Some((_, delimiter)), _) => {
                    format!("the header is one cell with `{delimiter}` in it: write `delimiter = \"{delimiter}\"`")
                }
                (None, Some(near)) => format!("did you mean `{near}`? {all}"),
                (None, None) => all,
            };
            DataError::UnknownColumn { path: shown(self.wanted.path), column: shortened(name), key, help }
        })
    }

    fn numbers(&self) -> Result<Numbers, DataError> {
        let path = || shown(self.wanted.path);
        let targets =
            self.wanted.targets.iter().map(|name| self.column(name, "data.targets")).collect::<Result<Vec<_>, _>>()?;
        let features: Vec<usize> = if self.wanted.features.is_empty() {
            let targets: HashSet<usize> = targets.iter().copied().collect();
            (0..self.header.len()).filter(|column| !targets.contains(column)).collect()
        } else {
            self.wanted.features.iter().map(|name| self.column(name, "data.features")).collect::<Result<_, _>>()?
        };
        if features.is_empty() {
            return Err(DataError::NoFeatures { path: path() });
        }
        if features.len() > MOST_FEATURES as usize {
            return Err(DataError::TooManyFeatures { path: path(), features: features.len(), limit: MOST_FEATURES });
        }
        let used: Vec<usize> = features.iter().chain(&targets).copied().collect();
        let frame =
            self.frame(&used).map_err(|error| DataError::Unreadable { path: path(), why: error.to_string() })?;
        let mut order = used.clone();
        order.sort_unstable();
        // By place, since a look-up by name goes through all names.
        let place = |column: &usize| order.binary_search(column).unwrap_or(0);
        let columns =
            used.iter().map(|column| self.parse(&frame, place(column), *column)).collect::<Result<Vec<_>, _>>()?;
        let whole: Vec<bool> =
            (0..self.rows.len()).map(|row| columns.iter().all(|column| !column[row].is_nan())).collect();
        let dropped = whole.iter().filter(|whole| !**whole).count();
        if dropped > 0 && self.wanted.missing == Missing::Refuse {
            return Err(self.missing(&used, &columns, &whole, dropped));
        }
        let kept = || whole.iter().enumerate().filter(|(_, whole)| **whole).map(|(row, _)| row);
        let (inputs, targets) = columns.split_at(features.len());
        let gather =
            |columns: &[Vec<f64>]| kept().flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        Ok(Numbers {
            inputs: gather(inputs),
            targets: gather(targets),
            features: features.iter().map(|column| self.header[*column].clone()).collect(),
            rows: self.rows.len() - dropped,
            dropped,
        })
    }

    /// The used columns as text. All are read as text, since a number that polars cannot read would silently be nothing.
    fn frame(&self, used: &[usize]) -> PolarsResult<DataFrame> {
        if self.rows.is_empty() {
            return Ok(DataFrame::empty());
        }
        // One line feed behind each record, no blank lines: what polars and the scan count is then the same.
        let mut body = String::with_capacity(self.text.len());
        for row in &self.rows {
            body.push_str(&self.text[row.bytes.clone()]);
            body.push('\n');
        }
        let schema: Schema =
            (0..self.header.len()).map(|column| Field::new(column_name(column).into(), DataType::String)).collect();
        let options = CsvParseOptions::default()
            .with_separator(self.delimiter)
            .with_quote_char(self.quoted.then_some(b'"'))
            .with_missing_is_null(false);
        let mut projection = used.to_vec();
        projection.sort_unstable();
        CsvReadOptions::default()
            .with_has_header(false)
            .with_schema(Some(Arc::new(schema)))
            .with_projection(Some(Arc::new(projection)))
            .with_parse_options(options)
            .into_reader_with_file_handle(Cursor::new(body.into_bytes()))
            .finish()
    }

    /// The numbers of one column, which stands at `place` of the frame; missing ones are NaN.
    fn parse(&self, frame: &DataFrame, place: usize, column: usize) -> Result<Vec<f64>, DataError> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let unreadable = |why: String| DataError::Unreadable { path: shown(self.wanted.path), why };
        let name = column_name(column);
        let cells = frame.select_at_idx(place).filter(|cells| cells.name().as_str() == name);
        let cells = cells.ok_or_else(|| unreadable(format!("`{name}` was not read")))?;
        let cells = cells.str().map_err(|error| unreadable(error.to_string()))?;
        if cells.len() != self.rows.len() {
            return Err(unreadable(format!("{} rows were expected, {} were read", self.rows.len(), cells.len())));
        }
        let mut numbers = Vec::with_capacity(self.rows.len());
        for (row, cell) in cells.iter().enumerate() {
            let cell = cell.unwrap_or("").trim();
            if cell.len() > LONGEST_NUMBER {
                let what = format!("the cell holds {} bytes, which is no number", cell.len());
                let help = "a number has some dozens of digits at most; is a quote or a line break missing?";
                return Err(self.cell(row, column, what, help.to_owned()));
            }
            match cell.parse::<f64>() {
                Ok(number) if number.is_finite() && number.abs() > f64::from(f32::MAX) => {
                    let what = format!("`{}` is beyond what a 32-bit number holds (3.4e38)", shortened(cell));
                    return Err(self.cell(
                        row,
                        column,
                        what,
                        "networks are trained in 32 bits: rescale the column in the file".to_owned(),
                    ));
                }
                Ok(number) => numbers.push(if number.is_finite() { number } else { f64::NAN }),
                Err(_) if MISSING.contains(&cell.to_lowercase().as_str()) => numbers.push(f64::NAN),
                Err(_) => return Err(self.text_cell(row, column, cell)),
            }
        }
        Ok(numbers)
    }

    /// A mistake in one cell.
    fn cell(&self, row: usize, column: usize, what: String, help: String) -> DataError {
        let record = &self.rows[row];
        let line = &self.text[record.bytes.clone()];
        let at = scan::cells(line, self.delimiter, self.quoted).get(column).cloned().unwrap_or(0..line.len());
        let (line, at) = Excerpt::new(self.wanted.path, record.line, line, at);
        DataError::Cell { column: shortened(&self.header[column]), number: record.line, what, line, at, help }
    }

    fn text_cell(&self, row: usize, column: usize, cell: &str) -> DataError {
        let what = format!("\"{}\" is not a number", shortened(cell));
        let with_point = cell.replace(',', ".");
        let help = if with_point.len() <= LONGEST_NUMBER && with_point.parse::<f64>().is_ok() {
            format!("decimals are written with a point: {with_point}")
        } else if self.wanted.targets.contains(&self.header[column]) {
            "a target is a number: choose another column in `data.targets`, or code its words as numbers".to_owned()
        } else {
            let numeric = self.numeric_columns(row);
            format!(
                "leave the column out by naming the others in `data.features`{numeric}, or code its words as numbers"
            )
        };
        self.cell(row, column, what, help)
    }

    /// The features that hold a number in this row, in words.
    fn numeric_columns(&self, row: usize) -> String {
        let line = &self.text[self.rows[row].bytes.clone()];
        let cells = scan::cells(line, self.delimiter, self.quoted);
        let targets: HashSet<&String> = self.wanted.targets.iter().collect();
        let names = self.header.iter().zip(cells).filter(|(name, cell)| {
            let number = scan::content(&line[cell.clone()], self.quoted).parse::<f64>().is_ok();
            number && !name.is_empty() && !targets.contains(name)
        });
        let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        if names.is_empty() { String::new() } else { format!(" (numbers are in {})", listed(names)) }
    }

    /// The first missing cell: of the first row that has one, the leftmost.
    fn missing(&self, used: &[usize], columns: &[Vec<f64>], whole: &[bool], count: usize) -> DataError {
        let row = whole.iter().position(|whole| !whole).unwrap_or(0);
        let missing = used.iter().zip(columns).filter(|(_, numbers)| numbers[row].is_nan()).map(|(column, _)| *column);
        let column = missing.min().unwrap_or(0);
        let line = &self.text[self.rows[row].bytes.clone()];
        let cell = scan::cells(line, self.delimiter, self.quoted).get(column).cloned().unwrap_or(0..0);
        let seen = scan::content(&line[cell], self.quoted);
        let what = if seen.is_empty() {
            "the cell is empty".to_owned()
        } else {
            format!("`{}` is no finite number", shortened(&seen))
        };
        let rows =
            if count == 1 { "1 row has".to_owned() } else { format!("{count} of {} rows have", self.rows.len()) };
        self.cell(
            row,
            column,
            what,
            format!("{rows} such a cell; `missing = \"drop_rows\"` in `[data]` leaves them out"),
        )
    }
}

fn column_name(column: usize) -> String {
    format!("column {column}")
}

fn bad_quote(path: &Path, text: &str, bad: &BadQuote) -> DataError {
    let (at, message, help) = match bad {
        BadQuote::Open(at) => (*at, "a quote opens a cell and never closes", "close the quote, or take it away"),
        BadQuote::Stray(at) => (*at, "a quote stands inside a cell", "write a quote inside a quoted cell twice"),
    };
    let before = &text[..at];
    let line = 1 + before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |found| found + 1);
    let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
    let (excerpt, at) = Excerpt::new(path, line, text[start..end].trim_end_matches('\r'), at - start..at - start + 1);
    DataError::Row { message: format!("line {line}: {message}"), line: excerpt, at, help: help.to_owned() }
}
