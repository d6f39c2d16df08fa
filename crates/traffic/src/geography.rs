//! Where cells are: cities, counties around them, cells in those.
//!
//! The first five cities of a country are real places, among them the crossings of its borders; more lie around them.
//! A cell's number says where it is, so no table of cells is held.
//!
//! ```text
//! cell := (city × COUNTIES + county) × CELLS + cell of the county
//! ```

use crate::draw::{below, mix};
use crate::world::OPERATORS;

/// Counties of a city.
pub const COUNTIES: u64 = 6;
/// Cells of a county.
pub const CELLS: u64 = 12;
/// No cell.
pub const NO_CELL: u32 = u32::MAX;

/// A city: name of its first-level division, position, and the neighbour at whose border it lies.
type City = (&'static str, f64, f64, &'static str);

/// Five cities of each country, in the order of [`OPERATORS`]; the first is the largest.
const CITIES: [[City; 5]; 6] = [
    [
        ("phnom-penh", 11.56, 104.92, ""),
        ("banteay-meanchey", 13.66, 102.56, "TH"),
        ("preah-sihanouk", 10.63, 103.52, ""),
        ("siem-reap", 13.36, 103.86, ""),
        ("svay-rieng", 11.08, 106.18, "VN"),
    ],
    [
        ("kunming", 25.04, 102.71, ""),
        ("dehong", 24.01, 97.85, "MM"),
        ("dali", 25.61, 100.27, ""),
        ("chengdu", 30.57, 104.07, ""),
        ("xishuangbanna", 21.48, 101.56, "LA"),
    ],
    [
        ("vientiane", 17.97, 102.63, ""),
        ("bokeo", 20.36, 100.09, "TH"),
        ("savannakhet", 16.57, 104.76, ""),
        ("luang-prabang", 19.89, 102.13, ""),
        ("luang-namtha", 21.19, 101.69, "CN"),
    ],
    [
        ("yangon", 16.84, 96.17, ""),
        ("kayin", 16.69, 98.51, "TH"),
        ("mandalay", 21.96, 96.09, ""),
        ("shan-east", 20.45, 99.88, "TH"),
        ("shan-north", 23.99, 97.90, "CN"),
    ],
    [
        ("bangkok", 13.76, 100.50, ""),
        ("tak", 16.71, 98.57, "MM"),
        ("chiang-mai", 18.79, 98.98, ""),
        ("khon-kaen", 16.43, 102.83, ""),
        ("sa-kaeo", 13.69, 102.50, "KH"),
    ],
    [
        ("hanoi", 21.03, 105.85, ""),
        ("tay-ninh", 11.08, 106.17, "KH"),
        ("ho-chi-minh", 10.78, 106.70, ""),
        ("da-nang", 16.05, 108.22, ""),
        ("quang-ninh", 21.53, 107.97, "CN"),
    ],
];

/// Cells of an operator.
#[derive(Clone, Copy, Debug)]
pub struct Geography {
    /// Cities; at least five.
    pub cities: u64,
}

impl Geography {
    /// For so many subscribers: some 35 a cell where there are few, some hundreds where there are many.
    #[must_use]
    pub fn new(subscribers: u64) -> Self {
        Self { cities: (subscribers / 20_000).clamp(5, 60) }
    }

    /// A cell of a county; `which` counts around.
    #[must_use]
    pub const fn cell(self, city: u64, county: u64, which: u64) -> u32 {
        ((city % self.cities * COUNTIES + county % COUNTIES) * CELLS + which % CELLS) as u32
    }

    /// Cells in all.
    #[must_use]
    pub const fn cells(self) -> u32 {
        (self.cities * COUNTIES * CELLS) as u32
    }

    /// A city at a border.
    #[must_use]
    pub const fn border_city(self, draw: u64) -> u64 {
        // The second and the fifth of every country are.
        if draw.is_multiple_of(2) { 1 } else { 4 }
    }

    /// Cells as the reference table: `cell,latitude,longitude,country,admin1,border`.
    pub fn table(self, operator: usize, mut line: impl FnMut(&str)) {
        let of = &OPERATORS[operator];
        for cell in 0..self.cells() {
            let (latitude, longitude) = position(operator, cell);
            let (admin1, border) = division(operator, cell);
            let over_border = !border.is_empty();
            line(&format!(
                "{},{latitude:.5},{longitude:.5},{},{admin1},{over_border}",
                name(operator, cell),
                of.country
            ));
        }
    }
}

/// Name of an operator's cell.
#[must_use]
pub fn name(operator: usize, cell: u32) -> String {
    format!("{}-{cell:05}", OPERATORS[operator].plmn)
}

/// City of a cell.
#[must_use]
pub const fn city_of(cell: u32) -> u64 {
    cell as u64 / (COUNTIES * CELLS)
}

/// County of a cell, among all of its operator.
#[must_use]
pub const fn county_of(cell: u32) -> u64 {
    cell as u64 / CELLS
}

/// First-level division, and the neighbour at whose border the cell lies.
#[must_use]
pub fn division(operator: usize, cell: u32) -> (&'static str, &'static str) {
    let city = city_of(cell);
    let (name, _, _, border) = CITIES[operator][city as usize % 5];
    (name, if city < 5 { border } else { "" })
}

/// Latitude and longitude, degrees.
#[must_use]
pub fn position(operator: usize, cell: u32) -> (f64, f64) {
    let city = city_of(cell);
    let (_, latitude, longitude, _) = CITIES[operator][city as usize % 5];
    // Later cities lie up to a degree and a half around one of the five; counties up to 25 km around their city; the
    // cells of a county within 2 km, so that changing between neighbours is no journey.
    let far = if city < 5 { 0.0 } else { 1.5 };
    let place = |what: u64, index: u64, reach: f64| {
        let draw = mix(operator as u64, what, index);
        let part = |draw: u64| (below(draw, 2001) as f64 / 1000.0 - 1.0) * reach;
        (part(draw), part(draw << 32))
    };
    let (around, within, at) =
        (place(31, city, far), place(32, county_of(cell), 0.22), place(33, u64::from(cell), 0.012));
    (latitude + around.0 + within.0 + at.0, longitude + around.1 + within.1 + at.1)
}

/// Great-circle distance of two cells of an operator, kilometres (flat at these latitudes to a per cent).
#[must_use]
pub fn distance_km(operator: usize, a: u32, b: u32) -> f64 {
    let (a, b) = (position(operator, a), position(operator, b));
    // A degree of latitude is 111.2 km; the cosine of some 20° shortens a degree of longitude.
    let (north, east) = ((a.0 - b.0) * 111.2, (a.1 - b.1) * 111.2 * 0.94);
    (north * north + east * east).sqrt()
}
