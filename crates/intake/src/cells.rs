//! The cell table: where cells stand.
//!
//! A CSV file with the header `cell,latitude,longitude,country,admin1,border`: the cell as records write it, degrees
//! (WGS 84, north and east positive), ISO 3166-1, the first-level administrative area, and `true` where the cell reaches
//! over a border. All but cell, latitude and longitude may be empty.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lancang_record::codec::csv::Splitter;
use lancang_record::{Country, Position, Record};

use crate::limits::{CELLS_MAX, TEXT_BYTES_MAX};

/// Columns of the table.
const HEADER: [&str; 6] = ["cell", "latitude", "longitude", "country", "admin1", "border"];

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site<'t> {
    /// Its place.
    pub position: Position,
    /// Country, if the table says it.
    pub country: Option<Country>,
    /// First-level administrative area; empty if the table does not say it.
    pub admin1: &'t str,
    /// Whether it reaches over a border.
    pub border: bool,
}

/// A row, its area by number.
#[derive(Clone, Copy, Debug)]
struct Row {
    position: Position,
    country: Option<Country>,
    admin1: u32,
    border: bool,
}

/// Cells by name.
#[derive(Clone, Debug)]
pub struct Cells {
    rows: HashMap<Box<str>, Row, FixedState>,
    areas: Vec<Box<str>>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { rows: HashMap::default(), areas: vec!["".into()] }
    }
}

/// What is wrong with a cell table: its line, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected}")]
pub struct CellError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

impl Cells {
    /// Reads a table.
    ///
    /// # Errors
    /// Every line that is wrong.
    pub fn read(text: &str) -> Result<Self, Vec<CellError>> {
        let (mut cells, mut errors) = (Self::default(), Vec::new());
        let mut splitter = Splitter::new(b',', Some(b'"'));
        let mut areas = HashMap::from([("".into(), 0)]);
        for (index, line) in text.lines().enumerate() {
            if index > 0 && line.trim().is_empty() {
                continue;
            }
            let read = match splitter.split(line.as_bytes()) {
                Ok(columns) => {
                    let columns: Vec<&str> = columns.iter().map(str::trim).collect();
                    if index == 0 { header(&columns) } else { cells.line(&columns, &mut areas) }
                }
                Err(_) => Err("expected columns separated by commas, quotations closed"),
            };
            if let Err(expected) = read {
                errors.push(CellError { line: index + 1, expected });
            }
        }
        if errors.is_empty() { Ok(cells) } else { Err(errors) }
    }

    fn line(&mut self, columns: &[&str], areas: &mut HashMap<Box<str>, u32>) -> Result<(), &'static str> {
        let [cell, latitude, longitude, country, admin1, border] = columns[..] else {
            return Err("expected six columns");
        };
        if self.rows.len() >= CELLS_MAX {
            return Err("expected at most 4,000,000 cells");
        }
        if cell.is_empty() || cell.len() > TEXT_BYTES_MAX || admin1.len() > TEXT_BYTES_MAX {
            return Err("expected a cell, and an area, of at most 256 bytes");
        }
        let degrees = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let position = Position::from_degrees(degrees(latitude), degrees(longitude))
            .ok_or("expected degrees: a latitude from -90 to 90 and a longitude from -180 to 180")?;
        let country = match country {
            "" => None,
            text => Some(Country::parse(text).ok_or("expected two letters of ISO 3166-1 in the column `country`")?),
        };
        let border = match border {
            "true" => true,
            "false" | "" => false,
            _ => return Err("expected `true` or `false` in the column `border`"),
        };
        let admin1 = *areas.entry(admin1.into()).or_insert_with(|| {
            self.areas.push(admin1.into());
            self.areas.len() as u32 - 1
        });
        if self.rows.insert(cell.into(), Row { position, country, admin1, border }).is_some() {
            return Err("expected each cell once");
        }
        Ok(())
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where a cell stands; nothing if the table does not have it.
    #[must_use]
    pub fn site(&self, cell: &str) -> Option<Site<'_>> {
        if cell.is_empty() || self.rows.is_empty() {
            return None;
        }
        let row = self.rows.get(cell)?;
        let admin1 = self.areas.get(row.admin1 as usize).map_or("", |area| area);
        Some(Site { position: row.position, country: row.country, admin1, border: row.border })
    }

    /// Says of a record where its cell stands, if the table has it.
    pub(crate) fn stand<'t>(&'t self, record: &mut Record<'t>) {
        if let Some(site) = self.site(record.cell) {
            (record.position, record.cell_country) = (Some(site.position), site.country);
            (record.cell_admin1, record.cell_border) = (site.admin1, site.border);
        }
    }
}

fn header(columns: &[&str]) -> Result<(), &'static str> {
    let named = |(column, name): (&&str, &&str)| column.trim_start_matches('\u{feff}') == *name;
    let fits = columns.len() == HEADER.len() && columns.iter().zip(&HEADER).all(named);
    if fits { Ok(()) } else { Err("expected the header `cell,latitude,longitude,country,admin1,border`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_mistakes_have_their_lines() {
        let text = "cell,latitude,longitude,country,admin1,border\n456-1,11.5564,104.9282,KH,\"Phnom Penh\",false\n\
            456-2,13.6,102.55,KH,Banteay Meanchey,true\n\n456-3,13.6,102.55,,,\n";
        let cells = Cells::read(text).unwrap();
        assert_eq!(cells.len(), 3);
        let site = cells.site("456-1").unwrap();
        assert_eq!((site.position.latitude(), site.admin1, site.border), (115_564, "Phnom Penh", false));
        assert!(cells.site("456-2").unwrap().border);
        assert_eq!(cells.site("456-3").map(|site| (site.country, site.admin1)), Some((None, "")));
        assert_eq!((cells.site(""), cells.site("456-4")), (None, None));
        let lines = |text: &str| Cells::read(text).unwrap_err().iter().map(|error| error.line).collect::<Vec<_>>();
        assert_eq!(lines("cell,lat\n"), [1]);
        let head = "cell,latitude,longitude,country,admin1,border\n";
        let rows = "a,91,0,KH,,\na,1,1,KH,,\na,1,1,KH,,\nb,x,0,,,\nc,1,1,KHM,,\nd,1,1,KH,,maybe\ne,1,1\n";
        assert_eq!(lines(&format!("{head}{rows}")), [2, 4, 5, 6, 7, 8]);
    }
}
