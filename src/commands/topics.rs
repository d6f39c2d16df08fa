//! `lancang topics`: what topics and rights there are, what should be, and making them so.

use std::io::{self, Write as _};
use std::path::Path;

use lancang_kafka::{Admin, Connection, Error};

use super::serve::read_config;
use crate::cli::{self, Form, TopicArgs};
use crate::exit::{Exit, Failure};
use crate::logging::colors;
use crate::pack_folder::mistakes_failure;
use crate::service::{clients, with_status};
use crate::topics::file::Exchange;
use crate::topics::plan::{self, Plan};
use crate::topics::report::{self, Place};
use crate::topics::{exchange, home};

/// Runs the command.
///
/// # Errors
/// With exit status 78 if a file has mistakes or the plan is refused, 69 if no broker answers.
pub fn run(command: cli::Topics) -> anyhow::Result<()> {
    let (args, apply) = match command {
        cli::Topics::Plan(args) => (args, false),
        cli::Topics::Apply(args) => (args, true),
    };
    let config = args.config.as_deref().map(read_config).transpose()?;
    let exchange = args.exchange.as_deref().map(read_exchange).transpose()?;
    let alerts = config.as_ref().map_or(exchange::ALERTS, |config| &config.topics.alerts);
    if exchange.is_some() && alerts != exchange::ALERTS {
        let message =
            format!("`topics.alerts` is `{alerts}`; on an exchange of several countries it is `{}`", exchange::ALERTS);
        return Err(Failure::new(Exit::Configuration, message).into());
    }
    let mut obstacles = 0;
    if let Some(config) = &config {
        let connection = clients::home(config, "topics").map_err(Error::from).map_err(with_status)?;
        let make = |admin: &Admin| Plan::of_topics(admin, home::topics(config, &home::ALL));
        let place = Place { cluster: "home", bootstrap: &config.kafka.bootstrap };
        obstacles += one(&args, apply, place, &connection, make)?;
    }
    if let Some(exchange) = &exchange {
        let connection = clients::connection(&exchange.cluster).map_err(Error::from).map_err(with_status)?;
        let make = |admin: &Admin| Plan::of_exchange(admin, exchange, args.prune);
        let place = Place { cluster: "exchange", bootstrap: &exchange.cluster.bootstrap };
        obstacles += one(&args, apply, place, &connection, make)?;
    }
    if obstacles > 0 {
        let done = if apply { ": nothing was done there" } else { "" };
        return Err(Failure::new(Exit::Configuration, format!("{obstacles} refused (`!`){done}")).into());
    }
    Ok(())
}

/// Shows the plan of a cluster and, where it is to be applied and nothing stands in its way, does what it says. Gives the
/// number of things that do.
fn one(
    args: &TopicArgs,
    apply: bool,
    place: Place<'_>,
    connection: &Connection,
    make: impl Fn(&Admin) -> Result<Plan, Error>,
) -> anyhow::Result<usize> {
    let failed = |error: Error| {
        let context = format!("{} at {}", place.cluster, place.bootstrap);
        with_status(anyhow::Error::from(error).context(context))
    };
    let admin = Admin::connect(connection).map_err(failed)?;
    let plan = make(&admin).map_err(failed)?;
    let mut out = io::stdout().lock();
    match args.output {
        Form::Text => write!(out, "{}", report::text(place, &plan, colors(&out)))?,
        Form::Json => writeln!(out, "{}", report::json(place, &plan))?,
    }
    let obstacles = plan.obstacles().count();
    if !apply || obstacles > 0 || plan.changes() == 0 {
        return Ok(obstacles);
    }
    out.flush()?;
    plan::apply(&admin, &plan, || make(&admin)).map_err(failed)?;
    match args.output {
        Form::Text => writeln!(out, "done: {} changes, and the brokers know of them", plan.changes())?,
        Form::Json => writeln!(out, "{}", serde_json::json!({ "cluster": place.cluster, "done": plan.changes() }))?,
    }
    Ok(0)
}

/// Reads and checks an exchange file.
///
/// # Errors
/// Every mistake in it, with exit status 78.
pub fn read_exchange(path: &Path) -> anyhow::Result<Exchange> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read {name}: {error}")))?;
    Ok(Exchange::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?)
}
