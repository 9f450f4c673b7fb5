//! Files that are exchanged while they are in use.

use std::{error::Error, fs, os::unix::fs::MetadataExt, path::Path, sync::Arc, time::Duration};

use super::{Geoip, Part, Source, database::Database};

/// What changes whenever a file is written or exchanged; none where there is none.
pub(super) type Mark = Option<(u64, u64, u64, i64, i64)>;

impl Geoip {
    /// Looks again, for ever: what is in a new file is known as soon as it is whole, and `told` is called then.
    pub(crate) async fn follow(&self, told: impl Fn() + Send) {
        let mut parts = [
            (Part::Country, &self.country, self.country.mark),
            (Part::Asn, &self.asn, self.asn.mark),
        ];
        loop {
            tokio::time::sleep(LOOK).await;
            for (part, source, seen) in &mut parts {
                let Some(path) = &source.path else { continue };
                let now = mark(path);
                let changed = std::mem::replace(seen, now) != now;
                if changed && now.is_some() && source.exchange(*part, path).await {
                    told();
                }
            }
        }
    }
}

impl Source {
    /// Answers from the new file, if it can be used; whether it can.
    async fn exchange(&self, part: Part, path: &Path) -> bool {
        let file = path.to_owned();
        // A file of the whole world takes its time.
        let read = tokio::task::spawn_blocking(move || Database::read(part, &file)).await;
        match read {
            Ok(Ok(database)) => {
                self.shown.store(Some(Arc::new(database)));
                tracing::info!(geoip.file = %path.display(), "a new file says where addresses are");
                true
            }
            Ok(Err(error)) => {
                let error = &error as &(dyn Error + 'static);
                tracing::warn!(error, "the new file cannot be used; what the old one said stays");
                false
            }
            Err(_) => false,
        }
    }
}

pub(super) fn mark(path: &Path) -> Mark {
    let found = fs::metadata(path).ok()?;
    Some((
        found.dev(),
        found.ino(),
        found.size(),
        found.ctime(),
        found.ctime_nsec(),
    ))
}

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
