//! Where an incident happens: the cell that it is about, or that was used most, rounded to a tenth of a degree.
//!
//! A tenth of a degree is at most 11.2 km, so that the site lies within [`RADIUS_M`] of the rounded position; a district,
//! and no address.

use std::fmt;

use crate::alert::Place;
use crate::incident::{Incident, Named};
use crate::token::EpochKey;

/// Half the diagonal of a square of 0.1° by 0.1° at the equator, where it is largest: 0.05° · 111.32 km · √2, rounded up.
const RADIUS_M: u32 = 7_900;

/// Where a cell stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Degrees north, WGS 84.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// First-level administrative area.
    pub admin1: Option<String>,
}

type LookUp = dyn Fn(&str) -> Option<Site> + Send + Sync;

/// A cell table: a cell's name to its place.
#[derive(Default)]
pub struct Sites(Option<Box<LookUp>>);

impl Sites {
    /// A table that is looked up by a function.
    #[must_use]
    pub fn new(look_up: impl Fn(&str) -> Option<Site> + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(look_up)))
    }

    fn get(&self, cell: &str) -> Option<Site> {
        self.0.as_ref().and_then(|look_up| look_up(cell))
    }
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sites({})", if self.0.is_some() { "a table" } else { "none" })
    }
}

/// Place of an incident; a victim's whereabouts are the victim's own. `leaves` tells whether a cell's token does.
pub(crate) fn of(
    incident: &Incident,
    key: &EpochKey,
    sites: &Sites,
    leaves: impl Fn(&Named<'_>) -> bool,
) -> Option<Place> {
    let named = incident.named().find(|named| named.entity_type == "cell")?;
    let cell = named.value;
    let token = leaves(&named).then(|| key.token("cell", cell));
    let Some(site) = sites.get(cell) else {
        return Some(Place {
            country: incident.home.clone(),
            admin1: None,
            cell: token,
            latitude: None,
            longitude: None,
            radius_m: None,
            basis: "network".to_owned(),
        });
    };
    Some(Place {
        country: site.country.unwrap_or_else(|| incident.home.clone()),
        admin1: site.admin1,
        cell: token,
        latitude: Some(rounded(site.latitude)),
        longitude: Some(rounded(site.longitude)),
        radius_m: Some(RADIUS_M),
        basis: "cell-table".to_owned(),
    })
}

pub(crate) fn rounded(degrees: f64) -> f64 {
    (degrees * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::tests::LINE;

    #[test]
    fn a_cell_is_rounded_and_a_victims_is_not_told() {
        let key = EpochKey::from_hex("e", "00".repeat(32)).unwrap();
        let site = |cell: &str| {
            let site = Site { latitude: 13.4567, longitude: 102.55, country: None, admin1: Some("Pailin".to_owned()) };
            (cell == "456-01-17-3").then_some(site)
        };
        let incident = Incident::read(LINE.as_bytes()).unwrap();
        let place = of(&incident, &key, &Sites::new(site), |_| true).unwrap();
        assert_eq!((place.latitude, place.longitude, place.country.as_str()), (Some(13.5), Some(102.6), "KH"));
        assert_eq!(
            (place.cell.as_deref(), place.admin1.as_deref()),
            (Some(key.token("cell", "456-01-17-3").as_str()), Some("Pailin"))
        );
        let place = of(&incident, &key, &Sites::default(), |_| true).unwrap();
        assert_eq!((place.latitude, place.basis.as_str()), (None, "network"));
        let victim = LINE.replace("\"entity\":{\"type\":\"caller\"", "\"entity\":{\"type\":\"callee\"");
        assert_eq!(of(&Incident::read(victim.as_bytes()).unwrap(), &key, &Sites::new(site), |_| true), None);
    }
}
