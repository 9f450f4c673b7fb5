//! What becomes of responses, for whoever listens; and that something is to be seen to.

use std::sync::Arc;

use entity::response;
use ids::OrganisationId;
use tokio::sync::{Notify, broadcast};

/// What every part of the control plane needs of responses.
#[derive(Debug)]
pub(crate) struct Responses {
    /// Something is to be done about whom misuse was found in.
    wanted: Notify,
    news: broadcast::Sender<Arc<News>>,
}

/// Something became of a response.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) organisation: OrganisationId,
    /// As it is afterwards; none: one was forgotten, wholly or in part.
    pub(crate) response: Option<response::Model>,
}

impl Responses {
    pub(crate) fn new() -> Self {
        Self {
            wanted: Notify::new(),
            news: broadcast::Sender::new(NEWS),
        }
    }

    /// Has what is due, or over, seen to at once; call it after the commit.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
    }

    /// Returns when somebody wants it.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// What becomes of responses from now on. Who falls behind misses the oldest.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// Tells subscriptions; call it after the commit.
    pub(crate) fn tell(&self, organisation: OrganisationId, responses: Vec<Option<response::Model>>) {
        for response in responses {
            // Nobody may be listening.
            let _ = self.news.send(Arc::new(News { organisation, response }));
        }
    }
}

/// What subscriptions are told of one: where whom it is about was erased, nothing but that.
pub(super) fn told_of(row: &response::Model) -> Option<response::Model> {
    (!row.forget).then(|| row.clone())
}

const NEWS: usize = 1024;
