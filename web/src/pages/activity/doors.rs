//! What happens at the doors, as it happens: sessions that start, end or are refused.

use leptos::prelude::*;
use leptos_router::components::A;

use super::Head;
use crate::{
    api::{
        client::use_api,
        decisions,
        events::{self, SessionEvent, SessionEventKind},
        live::use_live,
        people::Permission,
        sessions::{self, Door},
    },
    kit::{Badge, Button, Choice, Choices, Empty, Feed, Load, Loaded, Look, Name, Skeleton, Table, Tone, When},
    pages::{
        misuse::{ExportButton, Place},
        why::{Why, WhyById},
    },
    session::{may, use_person},
    time,
};

/// So many are kept in the page: one that is open for days does not grow.
const KEPT: usize = 200;

/// What is shown: its word in the address, and what it is called.
const KINDS: [(Option<SessionEventKind>, &str, &str); 4] = [
    (None, "", "All"),
    (Some(SessionEventKind::Started), "came", "Came"),
    (Some(SessionEventKind::Denied), "denied", "Turned away"),
    (Some(SessionEventKind::Ended), "left", "Left"),
];

/// The feed: the latest sessions, and from then on whatever happens.
#[component]
pub(crate) fn Activity() -> impl IntoView {
    let feed = Feed::new(KEPT, |one: &SessionEvent| time::millis(&one.at), SessionEvent::is_same);
    let place = Place::at("/activity");
    let kind = Memo::new(move |_| {
        let chosen = place.of("kind");
        KINDS
            .iter()
            .find(|(_, word, _)| *word == chosen)
            .and_then(|(kind, ..)| *kind)
    });
    let (api, live) = (use_api(), use_live());
    live.subscribe(
        || Some(events::session_events(None, None)),
        move |event| feed.tell(event.session_events),
    );
    let may_explain = may(Permission::Explain);
    let before = Load::new(move || async move {
        let mut past = sessions::recent_events(api).await?;
        if may_explain {
            past.extend(decisions::past(api, None).await?);
        }
        Ok(past)
    })
    .anew_when(move || {
        live.times_connected();
    });
    Effect::new(move |_| {
        if let Some(past) = before.value().get() {
            feed.fill(past);
        }
    });
    let shown = Memo::new(move |_| {
        let kind = kind.get();
        feed.seen().with(|seen| {
            seen.iter()
                .filter(|(_, event)| kind.is_none_or(|kind| kind == event.kind))
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let options: Vec<_> = KINDS
        .iter()
        .map(|(kind, _, label)| Choice::new(*kind, *label))
        .collect();
    let choose = move |chosen: Option<SessionEventKind>| {
        let word = KINDS.iter().find(|(kind, ..)| *kind == chosen);
        place.go([("kind", word.map_or_else(String::new, |(_, word, _)| (*word).to_owned()))]);
    };
    let asked = RwSignal::new(None::<cynic::Id>);
    let columns = StoredValue::new(if may_explain {
        vec!["What", "Why", "Stream", "Who", "Through", "When", ""]
    } else {
        vec!["What", "Why", "Stream", "Who", "Through", "When"]
    });
    view! {
        <Head part="At the doors" lead="Who is let in, who is turned away and why, as it happens." acts=move || view! {
            <ExportButton table="sessions" narrowed=|()| vec![] label="Export sessions"/>
            {may_explain.then(|| view! { <ExportButton table="refusals" narrowed=|()| vec![] label="Export refusals"/> })}
        }/>
        <div class="filters">
            <Choices legend="Kind" legend_hidden=true options chosen=kind on_choose=choose/>
        </div>
        {may_explain.then(|| view! { <WhyById asked/> })}
        <Why asked/>
        <Loaded load=before skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !shown.with(Vec::is_empty) fallback=|| view! {
                <Empty icon=icondata_lu::LuActivity title="Quiet so far" text="Whoever comes, is turned away or leaves appears here at once."/>
            }>
                <Table caption="Events at the doors" columns=columns.get_value()>
                    <For each=move || shown.get() key=|(id, _)| *id let:one>
                        <Row event=one.1 asked/>
                    </For>
                </Table>
            </Show>
        </Loaded>
    }
}

#[component]
fn Row(event: SessionEvent, asked: RwSignal<Option<cynic::Id>>) -> impl IntoView {
    let (tone, word) = match (event.kind, event.door) {
        (SessionEventKind::Started, Door::Playback) => (Tone::Good, "Let in"),
        (SessionEventKind::Started, Door::Ingest) => (Tone::Live, "On air"),
        (SessionEventKind::Ended, Door::Playback) => (Tone::Calm, "Left"),
        (SessionEventKind::Ended, Door::Ingest) => (Tone::Calm, "Off air"),
        (SessionEventKind::Denied, _) => (Tone::Bad, "Turned away"),
    };
    let who = match event.door {
        Door::Ingest => "Broadcaster".to_owned(),
        Door::Playback => use_person().with_untracked(|person| person.user_label(event.user())),
    };
    let href = format!("/streams/{}", event.stream);
    view! {
        <tr>
            <th scope="row"><Badge tone text=word/></th>
            <td data-label="Why">
                {event.reason.map(|reason| view! { <span><span class="mono">{reason.name().to_owned()}</span><span class="under">{reason.sentence()}</span></span> })}
            </td>
            <td data-label="Stream" class="mono"><A href=href>{event.stream}</A></td>
            <td data-label="Who"><span><Name of=who/><span class="mono under">{event.address}</span></span></td>
            <td data-label="Through">{event.protocol.label()}</td>
            <td data-label="When" class="soft"><When at=event.at/></td>
            {may(Permission::Explain).then(|| {
                let decision = event.decision;
                view! {
                    <td class="acts">
                        {decision.map(|id| view! {
                            <Button look=Look::Quiet on_press=move |_| asked.set(Some(id.clone()))>"Why?"</Button>
                        })}
                    </td>
                }
            })}
        </tr>
    }
}
