//! What the operator of the platform looks at: metrics, alive, ready.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use metrics::{Unit, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

/// Whether everything is up: from the start until the drain, while the node has a policy that is not too old, the database
/// can be written and the outbox be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<Mutex<Option<Both>>>);

type Both = (api::Health, media::Health);

impl Readiness {
    /// From now on it is as ready as both of its planes.
    pub(crate) fn begin(&self, control: api::Health, data: media::Health) {
        *self.lock() = Some((control, data));
    }

    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    async fn is(&self) -> bool {
        let health = self.lock().clone();
        match health {
            Some((control, data)) => data.is_well() && control.is_well().await,
            None => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Both>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to count. Times are kept in buckets, so that those of several processes can be added up.
pub(crate) fn recorder() -> anyhow::Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS_S)?
        .install_recorder()?;
    describe_gauge!("portcullis_build_info", Unit::Count, "Always 1, with the version.");
    gauge!("portcullis_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    // Times that nobody reads are sorted into their buckets all the same; until then they are kept one by one.
    let kept = metrics.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            kept.run_upkeep();
        }
    });
    Ok(metrics)
}

/// `/metrics`, `/healthz`, `/readyz`.
pub(crate) fn router(metrics: PrometheusHandle, readiness: Readiness) -> Router {
    let process = Collector::default();
    process.describe();
    let metrics = move || async move {
        process.collect();
        metrics.render()
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "alive\n" }))
        .route(
            "/readyz",
            get(move || async move {
                if readiness.is().await {
                    (StatusCode::OK, "ready\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
                }
            }),
        )
}

/// From a tenth of a millisecond to ten seconds.
const BUCKETS_S: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
const UPKEEP: Duration = Duration::from_secs(5);
