//! `lancang evaluate`

use std::path::PathBuf;

use clap::Args;

use super::{Form, PackArgs, Records};

/// `lancang evaluate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang evaluate --alerts incidents.jsonl --truth truth.jsonl --population 100000 --days 1
  lancang evaluate --alerts kh.jsonl --truth kh-truth.jsonl --alerts th.jsonl --truth th-truth.jsonl \\
      --population 10000000 --days 1 --output json                  two runs, added up
  lancang evaluate --alerts old.jsonl --alerts new.jsonl --truth truth.jsonl --plot both.svg
  lancang evaluate day.jsonl.zst --truth truth.jsonl --sweep sim-box-burst.calls=10..40:7 --plot curve.svg \\
      --country KH --own +85510                                      the records judged anew at each limit

Rates are false incidents per 100,000 subscribers a day, with the exact one-sided 95 % upper bound.")]
pub struct Evaluate {
    /// Records to judge anew at each step of `--sweep`.
    #[arg(value_name = "FILE", requires = "sweep")]
    pub files: Vec<PathBuf>,
    /// Incident lines. Several: each with a truth of its own, and they are added up; or one truth for all, and they are
    /// compared.
    #[arg(long, value_name = "FILE", required_unless_present = "sweep", conflicts_with = "sweep")]
    pub alerts: Vec<PathBuf>,
    /// Ground truth.
    #[arg(long, value_name = "FILE", required = true)]
    pub truth: Vec<PathBuf>,
    /// Own subscribers of the records, of all runs together.
    #[arg(long, value_name = "N", requires = "days", value_parser = clap::value_parser!(u64).range(1..))]
    pub population: Option<u64>,
    /// Days of records.
    #[arg(long, value_name = "D", requires = "population", value_parser = parse_days)]
    pub days: Option<f64>,
    /// Moves a limit of a pattern from one value to another in so many steps.
    #[arg(long, value_name = "PATTERN.FEATURE=FROM..TO:STEPS", value_parser = parse_sweep, requires = "files")]
    pub sweep: Option<Sweep>,
    /// Picture (SVG) of recall against false incidents.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// What the records are (`--sweep`).
    #[command(flatten)]
    pub records: Records,
    /// Pattern pack (`--sweep`).
    #[command(flatten)]
    pub pack: PackArgs,
}

fn parse_days(text: &str) -> Result<f64, String> {
    let days = text.parse().ok().filter(|days: &f64| *days > 0.0 && days.is_finite());
    days.ok_or_else(|| "expected a number above 0".to_owned())
}

/// Most steps of a sweep: each is a pack that judges the records.
const SWEEP_STEPS_MAX: u32 = 50;

/// A limit on its way: `sim-box-burst.calls=10..40:7`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Pattern.
    pub pattern: String,
    /// Feature whose limit moves.
    pub feature: String,
    /// Limits, in the order of the steps.
    pub limits: Vec<f64>,
}

fn parse_sweep(text: &str) -> Result<Sweep, String> {
    let form = "expected PATTERN.FEATURE=FROM..TO:STEPS, such as `sim-box-burst.calls=10..40:7`";
    let (of, steps) = text.split_once('=').ok_or(form)?;
    let (pattern, feature) = of.split_once('.').ok_or(form)?;
    let (range, steps) = steps.rsplit_once(':').ok_or(form)?;
    let (from, to) = range.split_once("..").ok_or(form)?;
    let (from, to): (f64, f64) = (from.parse().map_err(|_| form)?, to.parse().map_err(|_| form)?);
    let steps: u32 = steps.parse().map_err(|_| form)?;
    if !(2..=SWEEP_STEPS_MAX).contains(&steps) {
        return Err(format!("expected 2 to {SWEEP_STEPS_MAX} steps, found {steps}"));
    }
    if from < 0.0 || to < 0.0 || !from.is_finite() || !to.is_finite() {
        return Err("expected limits from 0".to_owned());
    }
    let limits = (0..steps).map(|step| from + (to - from) * f64::from(step) / f64::from(steps - 1)).collect();
    Ok(Sweep { pattern: pattern.to_owned(), feature: feature.to_owned(), limits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_names_a_limit_and_its_steps() {
        let sweep = parse_sweep("sim-box-burst.calls=10..40:4").unwrap();
        assert_eq!((sweep.pattern.as_str(), sweep.feature.as_str()), ("sim-box-burst", "calls"));
        assert_eq!(sweep.limits, [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(parse_sweep("p.share=0.5..1:2").unwrap().limits, [0.5, 1.0]);
        for bad in ["p.f", "p=1..2:3", "p.f=1..2", "p.f=1..2:1", "p.f=1..2:51", "p.f=a..2:3", "p.f=-1..2:3"] {
            assert!(parse_sweep(bad).is_err(), "{bad}");
        }
    }
}
