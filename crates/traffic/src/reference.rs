//! Reference tables that a carrier of this world has: subscribers and cells.

use std::collections::BTreeMap;

use lancang_record::Timestamp;

use crate::population::{Contract, Population, Subscriber};

/// Columns of the subscribers' reference.
pub const SUBSCRIBERS_HEADER: &str = "subscriber,activated,segment,m2m,dealer,registrant,range_holder";
/// Columns of the cell table.
pub const CELLS_HEADER: &str = "cell,latitude,longitude,country,admin1,border";

/// The `subscribers` reference of an operator: the ordinary ones by their index, then those that episodes brought.
pub fn subscribers<'c>(
    population: &Population,
    start_ms: i64,
    planted: impl Iterator<Item = &'c (Subscriber, Contract)>,
    operator: usize,
    mut line: impl FnMut(&str),
) {
    line(SUBSCRIBERS_HEADER);
    for index in 0..population.ordinary {
        let who = Subscriber { operator, index };
        line(&row(who, &population.contract(who, start_ms)));
    }
    // One line each, whatever two episodes say of one.
    let planted: BTreeMap<Subscriber, Contract> =
        planted.filter(|(who, _)| who.operator == operator).map(|(who, contract)| (*who, *contract)).collect();
    for (who, contract) in &planted {
        line(&row(*who, contract));
    }
}

fn row(who: Subscriber, contract: &Contract) -> String {
    let of = who.of();
    format!(
        "{},{},{},{},{},{},{}",
        who.number(),
        Timestamp::from_ms(contract.activated_ms),
        contract.segment,
        contract.m2m,
        dealer(of.letters, contract.dealer),
        registrant(of.letters, contract.registrant),
        of.organisation
    )
}

/// A dealer's token.
#[must_use]
pub fn dealer(letters: &str, dealer: u64) -> String {
    format!("{letters}-d{dealer:05}")
}

/// A registrant's token.
#[must_use]
pub fn registrant(letters: &str, registrant: u64) -> String {
    format!("{letters}-r{registrant:08x}")
}

/// The cell table of an operator.
pub fn cells(population: &Population, operator: usize, mut line: impl FnMut(&str)) {
    line(CELLS_HEADER);
    population.geography.table(operator, line);
}
