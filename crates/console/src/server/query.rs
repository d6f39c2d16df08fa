//! What stands behind the question mark of an address, checked.

use axum::http::Uri;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

use super::answer::Refused;
use crate::limits::TEXT_BYTES_MAX;
use crate::store::{Filter, State, Work};

/// Fewest characters of a search: fewer are the beginning of everything.
const TEXT_CHARS_MIN: usize = 3;
/// Most values of one name.
const VALUES_MAX: usize = 64;

/// Names and values.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let pairs = pairs.filter(|(_, value)| !value.is_empty());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &'static str) -> Result<Vec<String>, Refused> {
        let all: Vec<String> =
            self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect();
        let expected = || format!("at most {VALUES_MAX} of them");
        if all.len() > VALUES_MAX { Err(Refused::Form { field: name, expected: expected() }) } else { Ok(all) }
    }

    /// A value that a text makes, if there is one.
    pub(super) fn parsed<T>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        let Some(text) = self.one(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| Refused::Form { field: name, expected: expected.to_owned() })
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, Refused> {
        self.parsed(name, "a whole number", |text| text.parse().ok())
    }

    pub(super) fn limit(&self) -> Result<Option<u32>, Refused> {
        self.parsed("limit", "a whole number from 1", |text| text.parse().ok().filter(|limit| *limit > 0))
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Refused> {
        self.parsed(name, "a time of RFC 3339", |text| parse_time("time", text).ok())
    }

    /// Which incidents are asked for.
    pub(super) fn filter(&self) -> Result<Filter, Refused> {
        let state = |name: &String| State::ALL.into_iter().find(|state| state.as_str() == name);
        let states = self.all("state")?;
        let states = states.iter().map(state).collect::<Option<Vec<_>>>();
        let text = self.parsed("q", "at least 3 characters, at most 500 bytes", |text| {
            let fits = text.trim().chars().count() >= TEXT_CHARS_MIN && text.len() <= TEXT_BYTES_MAX;
            fits.then(|| text.to_owned())
        })?;
        let expected = "open, closed or cancelled".to_owned();
        Ok(Filter {
            countries: self.all("country")?,
            sources: self.all("source")?,
            patterns: self.all("pattern")?,
            severity: self.parsed("severity", "0 to 6", |text| text.parse().ok())?.unwrap_or(0),
            states: states.ok_or(Refused::Form { field: "state", expected })?,
            work: self.parsed("work", "new, or a stage of work", Work::parse)?,
            since: self.time("since")?,
            until: self.time("until")?,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_left_out_in_silence() {
        let of = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|number| format!("pattern=p{number}")).collect();
            Query::of(&format!("/?{}", pairs.join("&")).parse().unwrap()).filter()
        };
        assert_eq!(of(VALUES_MAX).unwrap().patterns.len(), VALUES_MAX);
        assert!(matches!(of(VALUES_MAX + 1), Err(Refused::Form { field: "pattern", .. })));
    }
}
