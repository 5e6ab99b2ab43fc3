//! Samplers on small devices, a proxy that collects them on their site, and a centre that stores what they say and
//! publishes it again.
//!
//! ```text
//! cargo run --example sensor_network
//! cargo run --example sensor_network -- --no-centre
//! ```
//!
//! One command, seven processes that know nothing but each other's endpoints:
//!
//! ```text
//! sampler roof       --+
//! sampler greenhouse --+-- PUB/SUB --> site -- REQ/REP --> centre -- PUB/SUB --> subscriber
//! sampler cellar     --+
//! ```
//!
//! With `--no-centre` there is no centre where the site looks for it: the program says what became of the readings,
//! and fails.

#[path = "../support/process.rs"]
mod process;
mod readings;
mod roles;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

use process::Process;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => network(),
        ["--no-centre"] => site_without_centre(),
        ["sampler", sensor] => roles::sampler(sensor),
        ["site", expected, centre, ref samplers @ ..] => roles::site(expected, centre, samplers),
        ["centre", expected] => roles::centre(expected),
        ["subscriber", expected, endpoint] => roles::subscriber(expected, endpoint),
        _ => Err("usage: sensor_network [--no-centre]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything, from the samplers to the subscriber.
fn network() -> Outcome {
    let readings = readings::all()?;
    let expected = readings.len().to_string();

    let (mut centre, endpoints) = Process::start(&["centre", &expected])?;
    let (calls, events) = endpoints
        .split_once(' ')
        .ok_or("the centre has too few endpoints")?;
    let (mut subscriber, _) = Process::start(&["subscriber", &expected, events])?;
    // The centre says when the subscriber is there. What it published before would be gone.
    println!("centre:     {}", centre.line()?);

    let (samplers, endpoints) = start_samplers()?;
    let mut arguments = vec!["site", &expected, calls];
    arguments.extend(endpoints.iter().map(String::as_str));
    let (mut site, _) = Process::start(&arguments)?;

    for mut sampler in samplers {
        println!("sampler:    {}", sampler.line()?);
        sampler.end()?;
    }
    let arrived = loop {
        let line = subscriber.line()?;
        println!("subscriber: {line}");
        if let Some(counted) = line.strip_prefix("readings that arrived: ") {
            break counted.to_owned();
        }
    };
    subscriber.end()?;
    let (site_says, stored) = (site.line()?, centre.line()?);
    println!("site:       {site_says}");
    println!("centre:     {stored}");
    site.end()?;
    centre.end()?;

    let stored = stored
        .strip_prefix("readings that were stored: ")
        .unwrap_or("no answer");
    if arrived == expected && stored == expected {
        println!("{expected} readings were published, stored and received: the counts match");
        Ok(())
    } else {
        Err(
            format!("{expected} readings were published, {stored} stored, {arrived} received")
                .into(),
        )
    }
}

/// What happens to readings that find no centre.
fn site_without_centre() -> Outcome {
    let expected = readings::all()?.len().to_string();
    // A port that was free a moment ago, and where nobody listens now.
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let centre = format!("tcp://{nobody}");
    let (samplers, endpoints) = start_samplers()?;
    let mut arguments = vec!["site", &expected, &centre];
    arguments.extend(endpoints.iter().map(String::as_str));
    let (mut site, _) = Process::start(&arguments)?;
    for mut sampler in samplers {
        println!("sampler:    {}", sampler.line()?);
        sampler.end()?;
    }
    println!("site:       {}", site.line()?);
    site.end()?;
    Err(format!("nothing was stored: there is no centre at {centre}").into())
}

/// One process for each sensor of the file, and where they publish.
fn start_samplers() -> Outcome<(Vec<Process>, Vec<String>)> {
    let readings = readings::all()?;
    let started: Result<Vec<_>, _> = readings::sensors(&readings)
        .into_iter()
        .map(|sensor| Process::start(&["sampler", sensor]))
        .collect();
    Ok(started?.into_iter().unzip())
}
