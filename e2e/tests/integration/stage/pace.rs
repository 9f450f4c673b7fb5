//! Waiting for what another process does.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks until there is an answer; fails after half a minute.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "it never came to this: {what}");
        sleep(PAUSE).await;
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
