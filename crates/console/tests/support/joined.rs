//! Views of all that a database keeps, at once.

use std::collections::BTreeSet;

use lancang_console::store::{Loading, Sight, StoreError, Views};

pub fn joined(sight: &Sight<'_>, countries: &BTreeSet<String>) -> Result<Views, StoreError> {
    let mut loading = Loading::begin(sight, countries)?;
    loading.take(sight, || true)?;
    loading.finish(sight, &[])
}
