//! A broadcaster's hold on a stream. Dropping it is leaving.

use std::sync::Arc;

use container::flv;
use guard::{Admitted, Reason};

use super::{
    Epoch, Hub, LINGER, Stream,
    packager::{Output, Packager},
};
use crate::{gate::Publish, session::Stay};

/// Takes media in, packages it, and hands it to the stream.
#[derive(Debug)]
pub struct Publisher {
    admitted: Admitted<Publish>,
    stream: Arc<Stream>,
    hub: Hub,
    packager: Packager,
    epoch: Option<Arc<Epoch>>,
    leaves_for_good: bool,
}

impl Publisher {
    pub(super) fn new(admitted: Admitted<Publish>, stream: Arc<Stream>, hub: Hub) -> Self {
        let packager = Packager::new(stream.resumes_at());
        Self {
            admitted,
            stream,
            hub,
            packager,
            epoch: None,
            leaves_for_good: false,
        }
    }

    /// What let the broadcaster in.
    pub fn admitted(&self) -> &Admitted<Publish> {
        &self.admitted
    }

    /// The session that this is.
    pub fn stay(&self) -> &Stay {
        &self.admitted.target().stay
    }

    /// Takes one part of a video message; `timestamp_ms` is its decode time.
    pub fn video(&mut self, timestamp_ms: i64, video: &flv::Video) {
        let outputs = self.packager.video(timestamp_ms, video);
        self.hand_over(outputs);
    }

    /// Takes one part of an audio message.
    pub fn audio(&mut self, timestamp_ms: i64, audio: &flv::Audio) {
        let outputs = self.packager.audio(timestamp_ms, audio);
        self.hand_over(outputs);
    }

    /// Says that nobody needs to wait for this encoder to come back.
    pub fn leave_for_good(&mut self) {
        self.leaves_for_good = true;
    }

    fn hand_over(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Tracks(tracks) => match Epoch::new(self.stream.next_epoch(), &tracks) {
                    Ok(epoch) => {
                        tracing::info!(stream.name = %self.stream.name, codecs = epoch.codecs, "tracks");
                        self.epoch = Some(Arc::new(epoch));
                    }
                    Err(error) => {
                        tracing::warn!(stream.name = %self.stream.name, %error, "the tracks cannot be packaged");
                        self.epoch = None;
                    }
                },
                Output::Media(packaged) => {
                    if let Some(epoch) = &self.epoch
                        && self.stream.push(epoch, &packaged, self.hub.clock.now())
                    {
                        self.hub.live(&self.stream);
                    }
                }
            }
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let rest = self.packager.finish();
        self.hand_over(rest);
        self.stream.leave(self.packager.ends_at());
        let ended = match self.stay().session().reason() {
            // Somebody else is about to go on with it.
            Some(Reason::PublisherReplaced) => false,
            reason => self.leaves_for_good || reason.is_some(),
        };
        let (hub, stream) = (self.hub.clone(), self.stream.clone());
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !ended => {
                runtime.spawn(async move {
                    tokio::time::sleep(LINGER).await;
                    hub.close(&stream);
                });
            }
            _ => hub.close(&stream),
        }
    }
}
