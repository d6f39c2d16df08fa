//! `campaigns correlate`: alerts that belong together.

use super::spec::{Form, Metric, Spec, spec};

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::Campaigns,
        Form::Gauge,
        "lancang_campaigns",
        &[],
        "Campaigns that the correlator has published and that are not dissolved.",
    ),
    spec(
        Metric::CampaignAlerts,
        Form::Gauge,
        "lancang_campaign_alerts",
        &[],
        "Alerts that the correlator joins: those of the last 90 days.",
    ),
    spec(
        Metric::CampaignEvicted,
        Form::Gauge,
        "lancang_campaign_alerts_evicted",
        &[],
        "Alerts that the correlator let go of before their time because there were more than 500,000.",
    ),
];
