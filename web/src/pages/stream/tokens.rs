//! Playback tokens: their records with status, and Revoke. Used for one stream and for the whole organisation.

use leptos::{prelude::*, task::spawn_local};

use super::token_new::NewToken;
use crate::{
    api::{
        client::use_api,
        events::{self, ChangeProgress},
        failure::sentence,
        live::use_live,
        people::Permission,
        scalar::TokenStatus,
        tokens::{self, Change, Page, Token, Wanted},
    },
    kit::{Button, Card, Confirm, Dialog, Empty, Load, Loaded, Look, Skeleton, StatusBadge, Table, When, use_toasts},
    session::may,
    time,
};

/// The tokens that open one stream.
#[component]
pub(super) fn StreamTokens(name: String) -> impl IntoView {
    let api = use_api();
    let name = StoredValue::new(name);
    let wanted = Signal::stored(Wanted {
        stream: Some(name.get_value()),
        ..Wanted::default()
    });
    let load = Load::new(move || tokens::page(api, wanted.get(), None));
    let making = RwSignal::new(false);
    let made = move |token: Token| {
        load.value().update(|page| {
            if let Some(page) = page {
                page.tokens.insert(0, token);
                page.total += 1;
            }
        });
    };
    view! {
        <Card title="Playback tokens" flush=true acts=move || may(Permission::TokenCreate).then(|| view! {
            <Button icon=icondata_lu::LuPlus on_press=move |_| making.set(true)>"New token"</Button>
        })>
            {if may(Permission::TokenRead) {
                view! {
                    <Loaded load skeleton=|| view! { <Skeleton lines=3/> }>
                        <TokenTable load wanted narrow=true/>
                    </Loaded>
                }.into_any()
            } else {
                view! { <Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="Token records are for nanoUser and nanoAdmin. You can watch the stream on this page."/> }.into_any()
            }}
        </Card>
        <NewToken open=making name=name.get_value() on_made=made/>
    }
}

/// Records of tokens, and the way to revoke one.
#[component]
pub(crate) fn TokenTable(
    load: Load<Page>,
    #[prop(into)] wanted: Signal<Wanted>,
    #[prop(optional)] narrow: bool,
) -> impl IntoView {
    let api = use_api();
    let (asked, open) = (RwSignal::new(None::<Token>), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let (cut, report) = (RwSignal::new(None::<Change>), RwSignal::new(false));
    let more = RwSignal::new(false);
    let tokens = Memo::new(move |_| {
        load.value()
            .with(|page| page.as_ref().map(|page| page.tokens.clone()).unwrap_or_default())
    });
    let next = Memo::new(move |_| {
        load.value()
            .with(|page| page.as_ref().and_then(|page| page.next.clone()))
    });
    let toasts = use_toasts();
    let revoke = move |()| {
        let Some(token) = asked.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match tokens::revoke(api, token.jti.clone()).await {
                Ok(change) => {
                    load.value().try_update(|page| mark_revoked(page.as_mut(), &token));
                    open.try_set(false);
                    cut.try_set(Some(change));
                    report.try_set(true);
                }
                Err(refusal) => drop(failure.try_set(Some(refusal.to_string()))),
            }
            busy.try_set(false);
        });
    };
    let load_more = move |_| {
        more.set(true);
        spawn_local(async move {
            match tokens::page(api, wanted.get_untracked(), next.get_untracked()).await {
                Ok(new) => drop(load.value().try_update(|page| {
                    if let Some(page) = page {
                        page.tokens.extend(new.tokens);
                        page.next = new.next;
                    }
                })),
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
            more.try_set(false);
        });
    };
    let ask = Callback::new(move |token: Token| {
        failure.set(None);
        asked.set(Some(token));
        open.set(true);
    });
    let columns = if narrow {
        vec!["Token", "Status", ""]
    } else {
        vec!["Token", "Opens", "Status", "Created", "Expires", ""]
    };
    view! {
        <Show when=move || !tokens.with(Vec::is_empty) fallback=|| view! {
            <Empty icon=icondata_lu::LuTicket title="No tokens yet" text="A token opens a stream for one viewer, for as long as you say."/>
        }>
            <Table caption="Playback tokens" columns=columns.clone() tight=narrow>
                <For each=move || tokens.get() key=|token| (token.jti.clone(), token.status.as_word()) let:token>
                    <Row token ask narrow/>
                </For>
            </Table>
            <Show when=move || next.with(Option::is_some)>
                <div class="more"><Button busy=more on_press=load_more>"Show more"</Button></div>
            </Show>
        </Show>
        <Confirm open busy failure title="Revoke this token?" action="Revoke token" on_confirm=revoke>
            <p>"Whoever watches with it is cut off now, and it never opens anything again. This cannot be undone."</p>
            {move || asked.get().map(|token| view! { <p class="mono soft">{token.jti.into_inner()}</p> })}
        </Confirm>
        <Dialog open=report title="Token revoked">
            {move || cut.get().map(|change| view! { <Report change/> })}
            <footer class="dialog-foot"><Button look=Look::Primary on_press=move |_| report.set(false)>"Done"</Button></footer>
        </Dialog>
    }
}

#[component]
fn Row(token: Token, ask: Callback<Token>, narrow: bool) -> impl IntoView {
    let may_revoke = may(Permission::TokenRevoke);
    let now = time::use_now();
    let expires = time::millis(&token.expires_at);
    // The server's label, and past its time Expired without asking again.
    let given = token.status;
    let status = Memo::new(move |_| {
        if given == TokenStatus::Active && expires <= now.get() {
            TokenStatus::Expired
        } else {
            given
        }
    });
    let because = token.not_revocable_because.clone().map(|text| sentence(&text));
    let revocable = token.revocable;
    // `None`: no button. A reason: a button that cannot be pressed, and why.
    let barred = Memo::new(move |_| match status.get() {
        TokenStatus::Revoked => None,
        _ if revocable || because.is_some() => Some(because.clone().unwrap_or_default()),
        TokenStatus::Expired => Some("It has expired: it opens nothing any more.".into()),
        TokenStatus::Active => Some("It was made as not revocable.".into()),
    });
    let jti = token.jti.inner().to_owned();
    let who = token.user.clone().unwrap_or_else(|| "Any viewer".into());
    let opens = if token.organisation_wide {
        "every stream".to_owned()
    } else {
        token.streams.join(", ")
    };
    let (created, expiry, tag) = (token.created_at.clone(), token.expires_at.clone(), token.tag.clone());
    let token = StoredValue::new(token);
    let name = format!("Revoke the token of {who}");
    let act = move || {
        let reason = barred.get()?;
        let name = name.clone();
        may_revoke.then(|| view! {
            <Button look=Look::Quiet disabled={!reason.is_empty()} on_press=move |_| ask.run(token.get_value()) attr:aria-label=name attr:title=reason.clone()>"Revoke"</Button>
            {(!reason.is_empty()).then(|| view! { <span class="sr-only">{reason}</span> })}
        })
    };
    view! {
        <tr>
            <th scope="row">
                <span class="line">{who}{tag.map(|tag| view! { <span class="tag">{tag}</span> })}</span>
                <span class="mono under ellipsis" title=jti.clone()>{jti.clone()}</span>
                {narrow.then(|| view! { <span class="under">"Expires "<When at=expiry.clone()/></span> })}
            </th>
            {(!narrow).then(|| view! { <td data-label="Opens" class="mono">{opens}</td> })}
            <td data-label="Status"><StatusBadge status/></td>
            {(!narrow).then(|| view! {
                <td data-label="Created" class="soft"><When at=created/></td>
                <td data-label="Expires" class="soft"><When at=expiry/></td>
            })}
            <td class="acts">{act}</td>
        </tr>
    }
}

/// How far the change has come: from its answer at first, then by subscription until every node has acknowledged.
#[component]
pub(super) fn Report(change: Change) -> impl IntoView {
    let progress = RwSignal::new(change.progress());
    let id = change.id;
    use_live().subscribe(
        move || (!progress.with_untracked(|progress| progress.done)).then(|| events::change_progress(id.clone())),
        move |event| progress.set(event.change_progress),
    );
    view! {
        <div class="dialog-body">
            <p role="status">{move || progress.with(told)}</p>
            <progress max=move || f64::from(progress.with(|p| p.nodes.max(1))) value=move || f64::from(progress.with(|p| if p.nodes == 0 { 1 } else { p.acknowledged })) aria-label="Nodes that have acknowledged"></progress>
        </div>
    }
}

fn told(progress: &ChangeProgress) -> String {
    let sessions = time::count(progress.sessions_ended, "session", "sessions");
    let nodes = time::count(progress.nodes, "node", "nodes");
    match (progress.done, progress.after_ms) {
        (true, Some(ms)) => format!("Cut {sessions} on {nodes} in {ms:.0} ms."),
        (true, None) => format!("Cut {sessions} on {nodes}."),
        (false, _) => format!(
            "Cut {sessions} so far. {} of {nodes} have acknowledged; the others are told as soon as they can be reached.",
            progress.acknowledged
        ),
    }
}

fn mark_revoked(page: Option<&mut Page>, token: &Token) {
    for one in page
        .into_iter()
        .flat_map(|page| &mut page.tokens)
        .filter(|one| one.jti == token.jti)
    {
        one.status = TokenStatus::Revoked;
    }
}
