//! `alerts tail --listen`: a reader of the exchange.

use super::spec::{Form, Metric, Spec, spec};

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::Verdicts,
        Form::Gauge,
        "lancang_verdicts",
        &["pattern", "country", "verdict"],
        "Incidents by what a country holds them for (OCSF verdicts; false-positive if one of its organisations says so), of `alerts tail --listen`; pattern `unknown` where the alert was not seen.",
    ),
    spec(
        Metric::Precision,
        Form::Gauge,
        "lancang_precision_ratio",
        &["pattern", "country"],
        "Of the incidents of a pattern that a country holds for true or false positives, the share of true ones.",
    ),
];
