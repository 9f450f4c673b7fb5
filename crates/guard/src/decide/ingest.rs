//! May this broadcaster publish the stream?

use super::{Case, Credential, Presence, Stop, credential::Proven, judge_organisation, trace::Trace};
use crate::{
    Denial, Permit, Reason,
    policy::{IngestAuthorisation, Package, Stream, StreamStanding, Tenant},
};

impl<'a> Case<'a> {
    pub(super) fn judge_ingest(&self, trace: &mut impl Trace) -> Result<Permit, Stop> {
        // Whoever publishes already has shown what had to be shown, and is told that the stream is gone.
        if self.facts.running {
            self.judge_existence(trace)?;
        }
        let proven = match self.wanted() {
            IngestAuthorisation::Open => None,
            IngestAuthorisation::Key => {
                self.judge_key(trace)?;
                None
            }
            IngestAuthorisation::Token => Some(self.judge_publish_token(trace)?),
        };
        let stream = self.judge_existence(trace)?;
        // INVARIANT: a stream's name begins with the hash of its organisation.
        let Some(tenant) = self.tenant else {
            return Err(Reason::StreamUnknown.into());
        };
        if proven.is_none() {
            self.judge_bare(tenant, stream, trace)?;
        }
        self.judge_broadcast(tenant, stream, trace)?;
        let backend = self.judge_limits(proven.as_ref(), tenant, trace)?;
        Ok(self.permit(stream, tenant, proven.as_ref(), backend))
    }

    /// What has to be shown.
    fn wanted(&self) -> IngestAuthorisation {
        match (&self.request.credential, self.stream, self.tenant) {
            (Credential::TestSource, ..) => IngestAuthorisation::Key,
            (_, Some(stream), Some(tenant)) => stream.ingest_authorisation(&tenant.organisation),
            (_, None, Some(tenant)) if tenant.organisation.ingest == IngestAuthorisation::Token => {
                IngestAuthorisation::Token
            }
            // What does not exist answers as a stream whose key is wrong.
            _ => IngestAuthorisation::Key,
        }
    }

    fn judge_key(&self, trace: &mut impl Trace) -> Result<(), Stop> {
        let fits = match (&self.request.credential, self.stream) {
            (Credential::Key(key), Some(stream)) => *key == stream.ingest_key,
            (Credential::TestSource, Some(stream)) => stream.test_source,
            _ => false,
        };
        trace.deny("ingest key", (!fits).then(|| self.lacks_key()), || {
            match self.request.credential {
                Credential::Key(_) => "a key".to_owned(),
                _ => "no key".to_owned(),
            }
        })
    }

    /// The refusal for want of the key. What more it says hangs on what was shown alone: what does not exist answers
    /// alike.
    fn lacks_key(&self) -> Denial {
        let shown = match self.request.credential {
            Credential::Key(_) | Credential::TestSource => return Reason::IngestKey.into(),
            Credential::Missing => "no key was shown",
            Credential::Conflicting => "two that differ were shown",
            Credential::Malformed(_) | Credential::Token(_) | Credential::Handle(_) | Credential::Opaque(_) => {
                "a token is no key"
            }
        };
        Denial::with_detail(Reason::IngestKey, format!("{}: {shown}", Reason::IngestKey.sentence()))
    }

    fn judge_publish_token(&self, trace: &mut impl Trace) -> Result<Proven<'a>, Stop> {
        let proven = self.prove(trace)?;
        // INVARIANT: what was proven was proven by the tenant's word.
        let Some(tenant) = self.tenant else {
            return Err(Reason::TokenKey.into());
        };
        proven.judge(self, tenant, trace)?;
        Ok(proven)
    }

    fn judge_broadcast(&self, tenant: &Tenant, stream: &Stream, trace: &mut impl Trace) -> Result<(), Stop> {
        judge_organisation(tenant, trace)?;
        let lacking = !tenant.organisation.packages.has(Package::Live);
        trace.check("package", lacking.then_some(Reason::PackageRequired), || {
            Package::Live.as_str().to_owned()
        })?;
        let barred = match stream.standing {
            StreamStanding::Active => None,
            StreamStanding::Stopped => Some(Reason::StreamStopped),
            StreamStanding::Locked => Some(Reason::StreamLocked),
        };
        trace.check("standing", barred, || format!("{:?}", stream.standing))?;
        let hands_over = stream.is_taken_over_with(&self.request.credential);
        let taken = self.facts.publisher == Presence::Present && !hands_over;
        trace.check("publisher", taken.then_some(Reason::StreamInUse), || {
            format!("{:?}, takeover: {}", self.facts.publisher, stream.takeover)
        })
    }
}
