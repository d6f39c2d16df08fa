//! Time of a look-up and of a normalisation.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lancang_numbering::NumberPlans;
use lancang_record::number::{Country, E164};
use lancang_record::raw::RawParty;

fn lookups(criterion: &mut Criterion) {
    let plans = NumberPlans::built_in();
    let numbers: Vec<E164> =
        ["85512345678", "66812345678", "8613900000401", "84912345678", "85523990100", "4915117174963"]
            .into_iter()
            .filter_map(E164::from_digits)
            .collect();
    criterion.bench_function("numbering/lookup of 6 numbers", |bencher| {
        bencher.iter(|| numbers.iter().map(|number| plans.lookup(black_box(*number)).line as usize).sum::<usize>());
    });
    let home = Country::parse("KH").unwrap_or(Country::UNKNOWN);
    let texts: Vec<RawParty<'_>> =
        ["+85512345678", "012345678", "0066812345678", "85512345678", "WINGBANK", "1188"].map(RawParty::new).into();
    criterion.bench_function("numbering/normalise 6 texts", |bencher| {
        bencher.iter(|| texts.iter().filter(|text| plans.normalise(black_box(text), home).is_ok()).count());
    });
    criterion.bench_function("numbering/load all plans", |bencher| bencher.iter(NumberPlans::built_in));
}

criterion_group!(benches, lookups);
criterion_main!(benches);
