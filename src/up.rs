//! `portcullis up`: everything in one process.

use std::{
    fs::{self, DirBuilder, File},
    io::Write,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use axum::http::HeaderValue;
use link::{Clock, Entropy};
use media::{
    geoip::{Files, Geoip, Located, Part},
    http::{Door, Front, OriginOnly, Redirect},
};
use tls::acme::Challenges;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    configuration::Configuration,
    dashboard, https,
    ops::{self, Readiness},
    ready::{self, Ready},
};

/// Runs until Ctrl-C or SIGTERM, then drains.
pub(crate) async fn run(mut configuration: Configuration, demo: bool) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let running = tokio::select! {
        running = start(&mut configuration, demo, &stop) => running?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("draining");
    running.drain(configuration.grace, &stop).await;
    ready::remove(&configuration.data)?;
    Ok(())
}

/// Everything that runs.
struct Running {
    api: api::Running,
    node: media::Node,
    readiness: Readiness,
    doors: Vec<JoinHandle<()>>,
    /// Held as long as the folder is ours.
    _lock: File,
}

async fn start(configuration: &mut Configuration, demo: bool, stop: &CancellationToken) -> anyhow::Result<Running> {
    let lock = take(&configuration.data)?;
    ready::remove(&configuration.data)?;
    let metrics = ops::recorder()?;
    let readiness = Readiness::default();
    let mut doors = Vec::new();
    if let Some(address) = configuration.ops {
        let listener = listen("ops.address", address)?;
        let door = Door::new(listener, ops::router(metrics, readiness.clone()));
        doors.push(serve(door, stop, configuration.grace));
    }

    let geoip = geoip(&configuration.geoip.files)?;
    let (clock, entropy) = (Clock::System, Entropy::system());
    let http = listen("http.address", configuration.http.address)?;
    let https = configuration.https.as_ref();
    let https = https.map(|https| listen("https.address", https.address)).transpose()?;
    let addresses = Addresses {
        http: http.local_addr()?,
        https: https.as_ref().map(TcpListener::local_addr).transpose()?,
        rtmp: chosen(configuration.rtmp.address)?,
    };
    let settings = api::Settings {
        places: places(&geoip, &configuration.geoip.credits),
        ..settings(configuration, addresses, demo)
    };
    let (http_url, rtmp_url) = (settings.public_http.clone(), settings.public_rtmp.clone());
    tell(&lock, &http_url)?;
    let hsts = configuration.https.as_ref().and_then(https::hsts);
    let challenges = Challenges::default();
    let tls = configuration
        .https
        .take()
        .map(|https| https::certificate(https.certificate, &configuration.data, &challenges, &clock, stop));
    let tls = tls.transpose()?;

    let (control, connector) = link::in_process(EVENTS);
    let api = api::start(settings, clock.clone(), entropy.clone(), control)
        .await
        .context("the control plane does not start")?;
    let seeded = if demo {
        Some(api::seed_demo(&api).await.context("the demo cannot be seeded")?)
    } else {
        None
    };
    let doors_of_media = media::Settings {
        rtmp: addresses.rtmp,
        rtmp_proxies: configuration.rtmp.proxies.clone(),
        geoip,
        stale_policy_max: configuration.stale_policy_max,
    };
    let node = media::Node::start(&doors_of_media, clock, entropy, &connector)
        .await
        .context("the media plane does not start")?;
    let front = Arc::new(front(configuration, addresses, hsts, &node));
    let router = https::proofs(challenges)
        .merge(api.router())
        .merge(node.router())
        .merge(dashboard::router(configuration.tools.graphiql));
    for (listener, tls) in [(Some(http), None), (https, tls)] {
        let Some(listener) = listener else { continue };
        let door = Door {
            front: front.clone(),
            tls,
            ..Door::new(listener, router.clone())
        };
        doors.push(serve(door, stop, configuration.grace));
    }

    if let Some(seeded) = seeded {
        announce(configuration, &node, &http_url, &rtmp_url, seeded).await?;
    } else {
        tracing::info!(http = http_url, rtmp = rtmp_url, "up");
    }
    readiness.begin(api.health(), node.health());
    Ok(Running {
        api,
        node,
        readiness,
        doors,
        _lock: lock,
    })
}

/// Where the doors are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    http: SocketAddr,
    https: Option<SocketAddr>,
    rtmp: SocketAddr,
}

impl Addresses {
    /// As they are configured.
    pub(crate) fn of(configuration: &Configuration) -> Self {
        Self {
            http: configuration.http.address,
            https: configuration.https.as_ref().map(|https| https.address),
            rtmp: configuration.rtmp.address,
        }
    }
}

/// What stands before both HTTP doors.
fn front(configuration: &Configuration, addresses: Addresses, hsts: Option<HeaderValue>, node: &media::Node) -> Front {
    let http = &configuration.http;
    let known = http.public.clone().filter(|public| public.starts_with("https://"));
    let redirect = addresses.https.map(|https| match known {
        Some(public) => Redirect::To(public),
        None => Redirect::Port(https.port()),
    });
    Front {
        trusted: http.trusted.clone(),
        proxy_protocol: http.proxy_protocol,
        only: http.only.clone().map(|networks| OriginOnly {
            networks,
            away: node.away(),
        }),
        redirect,
        hsts,
    }
}

/// Reads the files that say where addresses are.
fn geoip(files: &Files) -> anyhow::Result<Geoip> {
    Geoip::open(files.clone()).map_err(|error| {
        let key = match error.part {
            Part::Country => "geoip.country_file",
            Part::Asn => "geoip.asn_file",
        };
        anyhow::Error::new(error).context(key)
    })
}

/// The same files, for whoever asks the control plane why, or what is known at all.
fn places(geoip: &Geoip, credits: &[api::Credit]) -> api::Places {
    let (finding, knowing) = (geoip.clone(), geoip.clone());
    let known = move || api::Known {
        countries: knowing.knows(Part::Country),
        networks: knowing.knows(Part::Asn),
    };
    let find = move |address| {
        let Located { place, provider } = finding.locate(address);
        api::Located { place, provider }
    };
    api::Places::new(find, known, credits.to_vec())
}

/// What the control plane is told, where the doors are at these addresses.
pub(crate) fn settings(configuration: &Configuration, addresses: Addresses, demo: bool) -> api::Settings {
    let public = |known: &Option<String>, scheme, address| {
        known
            .clone()
            .unwrap_or_else(|| format!("{scheme}://{}", reachable(address)))
    };
    api::Settings {
        database_url: configuration.database_url.expose().to_owned(),
        master_key_file: configuration.master_key_file.clone(),
        audit_heads: configuration.audit_heads.clone(),
        mail: configuration.mail.clone(),
        search: configuration.search.clone(),
        places: api::Places::default(),
        demo,
        tools: configuration.tools,
        public_http: match addresses.https {
            Some(https) => public(&configuration.http.public, "https", https),
            None => public(&configuration.http.public, "http", addresses.http),
        },
        public_rtmp: public(&configuration.rtmp.public, "rtmp", addresses.rtmp),
        rates: configuration.rates,
        danger_allow_private_networks: configuration.danger_allow_private_networks,
    }
}

impl Running {
    /// Tells every session, lets requests finish, flushes what is not written yet.
    async fn drain(self, grace: Duration, stop: &CancellationToken) {
        self.readiness.end();
        self.api.leave();
        self.node.drain(grace).await;
        stop.cancel();
        for door in self.doors {
            // A door's own time limit is over by then, or it has failed and said so.
            let _ = tokio::time::timeout(Duration::from_secs(1), door).await;
        }
        if tokio::time::timeout(FLUSH, self.api.shutdown()).await.is_err() {
            tracing::warn!("the last events could not be written in time");
        }
    }
}

/// Waits until the demo answers, then says where everything is.
async fn announce(
    configuration: &Configuration,
    node: &media::Node,
    http_url: &str,
    rtmp_url: &str,
    demo: api::Demo,
) -> anyhow::Result<()> {
    // Somebody may have stopped or locked it, or suspended its organisation; that is no reason not to start.
    if let Some(test) = demo.streams.first() {
        let answers = async {
            while !node.plays(&test.name) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(TEST_STREAM, answers).await.is_err() {
            tracing::warn!(stream.name = test.name, "the demo starts without its test stream");
        }
    }
    let watch = |name: &str, token: &str| format!("{http_url}/watch#stream={name}&token={token}");
    let users = demo.users.into_iter().map(|user| ready::User {
        email: user.email,
        password: user.password,
        role: user.role.to_owned(),
        organisation: user.organisation,
    });
    let streams = demo.streams.into_iter().map(|stream| ready::Stream {
        watch_url: watch(&stream.name, &stream.token),
        name: stream.name,
        ingest_url: stream.ingest_url,
    });
    let ready = Ready {
        http: http_url.to_owned(),
        graphql: format!("{http_url}/graphql"),
        rtmp: rtmp_url.to_owned(),
        dashboard: format!("{http_url}/"),
        users: users.collect(),
        operator: ready::Operator {
            email: demo.operator.email,
            password: demo.operator.password,
        },
        streams: streams.collect(),
    };
    ready.write(&configuration.data)?;
    let mut out = std::io::stderr().lock();
    writeln!(out, "\n  Portcullis is up.\n\n  Dashboard  {}", ready.dashboard)?;
    for ready::User {
        email,
        password,
        role,
        organisation,
    } in &ready.users
    {
        writeln!(out, "  Sign in    {email}  {password}  ({role} of {organisation})")?;
    }
    let ready::Operator { email, password } = &ready.operator;
    writeln!(out, "  Sign in    {email}  {password}  (platform operator)")?;
    writeln!(out, "  Mails      {http_url}/mails")?;
    writeln!(
        out,
        "  Details    {}\n",
        configuration.data.join("ready.json").display()
    )?;
    Ok(())
}

/// Makes the data folder where it is missing.
pub(crate) fn make_data_folder(data: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("data.dir: cannot make `{}`", data.display()))
}

/// In the data folder: locked by who runs there, with the address of its dashboard inside.
const LOCK: &str = "lock";

/// Makes the data folder, and takes it for this process alone.
fn take(data: &Path) -> anyhow::Result<File> {
    make_data_folder(data)?;
    let path = data.join(LOCK);
    let lock = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)?;
    lock.try_lock()
        .with_context(|| format!("data.dir: another process runs in `{}`", data.display()))?;
    Ok(lock)
}

/// Says in the lock's file where the dashboard is, for commands beside.
fn tell(mut lock: &File, http: &str) -> anyhow::Result<()> {
    lock.set_len(0)?;
    lock.write_all(http.as_bytes())?;
    Ok(())
}

/// Where the dashboard of who runs in this folder is, or of who ran there last.
pub(crate) fn told(data: &Path) -> Option<String> {
    let told = fs::read_to_string(data.join(LOCK)).ok()?;
    Some(told.trim().to_owned()).filter(|told| !told.is_empty())
}

fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    media::http::bind(address).with_context(|| format!("{key}: cannot listen on {address}"))
}

fn serve(door: Door, stop: &CancellationToken, grace: Duration) -> JoinHandle<()> {
    tokio::spawn(media::http::serve(door, stop.clone(), grace))
}

/// An address whose port is known: the control plane tells it before the media plane listens.
fn chosen(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    let free = std::net::TcpListener::bind(address).context("rtmp.address: no port is free")?;
    Ok(free.local_addr()?)
}

/// How this machine itself reaches an address that it listens on.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(four) if four.ip().is_unspecified() => (std::net::Ipv4Addr::LOCALHOST, address.port()).into(),
        SocketAddr::V6(six) if six.ip().is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, address.port()).into(),
        known => known,
    }
}

/// Events that may wait for the control plane.
const EVENTS: usize = 16_384;
/// How long the test stream may take to be on every door.
const TEST_STREAM: Duration = Duration::from_secs(10);
const FLUSH: Duration = Duration::from_secs(2);
