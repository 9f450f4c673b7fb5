//! Everything that touches one viewer: their tokens, addresses, networks, players and sessions, and the ways to cut.

use leptos::prelude::*;

use super::{
    act::{BanButton, NoRules, Ways},
    address::Tokens,
    cases::{AddButton, Adding},
    panel::{Judged, Known, Touching, known, part, view_of},
    parts::{HeldUntil, lasted},
    place::Place,
    token::Addresses,
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, AddressGroup, AddressUsage, AddressUsageOrder, Filter, TokenUsage, TokenUsageOrder},
        page::Page,
        viewer_usage::ViewerUsage,
    },
    kit::{Badge, CopyField, Load, Loaded, Look, Skeleton, Tone},
    time,
};

/// All that is known of them within the time of the view.
#[derive(Clone, PartialEq)]
struct All {
    known: Known<ViewerUsage>,
    tokens: Page<TokenUsage>,
    addresses: Page<AddressUsage>,
}

/// The panel's content.
#[component]
pub(super) fn Panel(place: Place, user: String, ways: Ways) -> impl IntoView {
    let api = use_api();
    let viewer = StoredValue::new(user.clone());
    let load = Load::new(move || {
        let range = untrack(|| place.span().range());
        async move {
            let user = viewer.get_value();
            let filter = Filter {
                user: Some(user),
                ..Filter::default()
            };
            let part = part(&range, &filter, 100);
            Ok(All {
                known: known(api, &range, &filter, AddressGroup::Address).await?,
                tokens: misuse::tokens(api, part.clone(), TokenUsageOrder::Score).await?,
                addresses: misuse::addresses(api, part, AddressUsageOrder::Sessions).await?,
            })
        }
    })
    .anew_when(move || {
        ways.banned.track();
        ways.ended.track();
    });
    view! {
        <div class="dialog-body panel">
            <NoRules ways/>
            <CopyField label="User" value=user/>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                {move || load.value().get().map(|all| view! { <Whole all place ways/> })}
            </Loaded>
        </div>
    }
}

#[component]
fn Whole(all: All, place: Place, ways: Ways) -> impl IntoView {
    let All {
        known:
            Known {
                usage,
                networks,
                apart,
                sessions,
                filter,
            },
        tokens,
        addresses,
    } = all;
    let (many_tokens, many) = (
        usage.as_ref().map(|usage| usage.tokens),
        usage.as_ref().map(|usage| usage.ips),
    );
    let (all_tokens, all_networks, all) = (
        view_of(place, "/misuse/tokens", &filter, ""),
        view_of(place, "/misuse/addresses", &filter, "network"),
        view_of(place, "/misuse/addresses", &filter, ""),
    );
    let adding: Vec<_> = tokens.nodes.iter().map(|token| token.jti.clone()).collect();
    view! {
        {usage.map(|usage| {
            let adding = Adding {
                label: format!("the tokens of {}", usage.user),
                tokens: adding,
                ..Adding::default()
            };
            let figures = vec![
                ("Sessions", usage.sessions.to_string()),
                ("At once at most", usage.max_concurrency.to_string()),
                ("Duration sum", lasted(usage.duration_sum_s)),
                ("Duration average", lasted(usage.duration_avg_s)),
                ("Streams", usage.streams.to_string()),
                ("Tokens", usage.tokens.to_string()),
                ("IPs", usage.ips.to_string()),
                ("Media", time::bytes(usage.bytes)),
            ];
            let let_in = || view! { <Badge tone=Tone::Good text="Let in"/> };
            let standing = match usage.held_until.clone() {
                _ if usage.banned => view! { <Badge tone=Tone::Bad text="Banned"/> }.into_any(),
                Some(at) => view! { <HeldUntil at after=let_in/> }.into_any(),
                None => let_in().into_any(),
            };
            let ban = (!usage.banned).then(|| view! { <BanButton ways user=usage.user.clone() look=Look::Danger/> });
            view! {
                <div class="standing">
                    <p class="line">{standing}</p>
                    <AddButton ways adding look=Look::Plain/>
                    {ban}
                </div>
                <Judged score=usage.score indicators=usage.indicators figures/>
            }
        })}
        <Tokens caption="Tokens of the viewer" tokens many=many_tokens all=all_tokens place ways/>
        <Addresses caption="Addresses of the viewer" addresses many all place ways/>
        <Touching networks apart sessions all_networks ways/>
    }
}
