//! Who was turned away lately, and why.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        decisions,
        events::{self, SessionEvent, SessionEventKind},
        live::use_live,
        people::Permission,
        sessions::Door,
    },
    kit::{Button, Card, Feed, Load, Look, Name, Table, When},
    pages::why::Why,
    session::{may, use_person},
    time,
};

/// So many are shown.
const KEPT: usize = 20;

/// The latest refusals of a stream; absent while there are none.
#[component]
pub(super) fn Refusals(name: String) -> impl IntoView {
    let feed = Feed::new(KEPT, |one: &SessionEvent| time::millis(&one.at), SessionEvent::is_same);
    let refused = feed.seen();
    let (api, live, stream) = (use_api(), use_live(), name.clone());
    if may(Permission::Explain) {
        let before = Load::new(move || decisions::past(api, Some(stream.clone()))).anew_when(move || {
            live.times_connected();
        });
        Effect::new(move |_| {
            if let Some(past) = before.value().get() {
                feed.fill(past);
            }
        });
    }
    live.subscribe(
        move || Some(events::session_events(Some(name.clone()), None)),
        move |event| {
            let event = event.session_events;
            if event.kind == SessionEventKind::Denied {
                feed.tell(event);
            }
        },
    );
    let asked = RwSignal::new(None::<cynic::Id>);
    let columns = StoredValue::new(if may(Permission::Explain) {
        vec!["Reason", "Who", "Through", "When", ""]
    } else {
        vec!["Reason", "Who", "Through", "When"]
    });
    view! {
        <Why asked/>
        <Show when=move || !refused.with(Vec::is_empty)>
            <Card title="Turned away" flush=true>
                <Table caption="Latest refusals" columns=columns.get_value()>
                    <For each=move || refused.get() key=|(id, _)| *id let:one>
                        <Row event=one.1 asked/>
                    </For>
                </Table>
            </Card>
        </Show>
    }
}

#[component]
fn Row(event: SessionEvent, asked: RwSignal<Option<cynic::Id>>) -> impl IntoView {
    let who = match event.door {
        Door::Ingest => "Broadcaster".to_owned(),
        Door::Playback => use_person().with_untracked(|person| person.user_label(event.user())),
    };
    let (name, sentence) = event
        .reason
        .map(|reason| (reason.name().to_owned(), reason.sentence()))
        .unwrap_or_default();
    view! {
        <tr>
            <th scope="row"><span class="mono">{name}</span><span class="under">{sentence}</span></th>
            <td data-label="Who"><span><Name of=who/><span class="mono under">{event.address}</span></span></td>
            <td data-label="Through">{event.protocol.label()}</td>
            <td data-label="When"><When at=event.at/></td>
            {may(Permission::Explain).then(|| view! {
                <td class="acts">
                    <Button look=Look::Quiet on_press=move |_| asked.set(event.decision.clone())>"Why?"</Button>
                </td>
            })}
        </tr>
    }
}
