//! Is the token for whoever asks?

use super::{
    Case, Door, Stop,
    credential::Proven,
    trace::{Trace, allowed, shown},
};
use crate::Reason;

impl Proven<'_> {
    /// Address, page, country, network, player, second factor. What is not known does not fit.
    pub(super) fn judge_restrictions(&self, case: &Case<'_>, trace: &mut impl Trace) -> Result<(), Stop> {
        let (claims, request) = (&self.claims, case.request);
        let outside = !claims.address_fits(request.address);
        trace.check("address", outside.then_some(Reason::TokenIp), || {
            format!("{}; allowed: {}", request.address, allowed(claims.ip.as_deref()))
        })?;
        let outside = !claims.domain_fits(request.referrer.as_ref());
        trace.check("domain", outside.then_some(Reason::TokenDomain), || {
            format!(
                "{}; allowed: {}",
                shown(request.referrer.as_ref()),
                allowed(claims.domains.as_deref())
            )
        })?;
        let outside = !claims.country_fits(request.place.country);
        trace.check("country", outside.then_some(Reason::TokenCountry), || {
            format!(
                "{}; allowed: {}",
                shown(request.place.country),
                allowed(claims.countries.as_deref())
            )
        })?;
        let outside = !claims.asn_fits(request.place.asn);
        trace.check("network", outside.then_some(Reason::TokenAsn), || {
            format!(
                "{}; allowed: {}",
                shown(request.place.asn),
                allowed(claims.asns.as_deref())
            )
        })?;
        let outside = !claims.agent_fits(request.agent.as_deref());
        trace.check("user agent", outside.then_some(Reason::TokenUserAgent), || {
            format!(
                "{}; allowed: {}",
                shown(request.agent.as_deref()),
                shown(claims.ua.as_ref())
            )
        })?;
        let wanted = request.door == Door::Playback && case.stream.is_some_and(|stream| stream.needs_mfa);
        let lacking = wanted && !claims.mfa;
        trace.check("second factor", lacking.then_some(Reason::TokenMfa), || {
            format!("required: {wanted}, shown: {}", claims.mfa)
        })
    }
}
