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
    spec(
        Metric::CampaignMessages,
        Form::Counter,
        "lancang_campaign_messages_total",
        &["outcome"],
        "Messages of the alerts topic that the correlator has read: taken, or refused (the log says why); repeats are in neither.",
    ),
    spec(
        Metric::CampaignLag,
        Form::Gauge,
        "lancang_campaign_lag_messages",
        &[],
        "Messages of the alerts topic that the correlator has not read yet, as far as its brokers have answered.",
    ),
    spec(
        Metric::CampaignHeard,
        Form::Gauge,
        "lancang_campaign_heard_timestamp_seconds",
        &[],
        "When the brokers last answered the correlator where the alerts topic ends, Unix time; before their first answer, when it began to ask.",
    ),
];
