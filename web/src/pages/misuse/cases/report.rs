//! A case as one page that prints well: what goes into it is chosen before.

use leptos::prelude::*;

use crate::{
    kit::{Button, Dialog, Switch},
    pages::audit::written,
    session::{Person, use_person},
};

/// The dialog; the report opens in a tab of its own.
#[component]
pub(super) fn Report(open: RwSignal<bool>, #[prop(into)] id: String) -> impl IntoView {
    let id = StoredValue::new(id);
    view! {
        <Dialog open title=Signal::stored("Report".to_owned())>
            <Parts open id=id.get_value()/>
        </Dialog>
    }
}

#[component]
fn Parts(open: RwSignal<bool>, id: String) -> impl IntoView {
    let hash = use_person().with_untracked(Person::hash);
    let (notes, viewers) = (RwSignal::new(false), RwSignal::new(false));
    let href = move || {
        let word = |on: bool| if on { "true".to_owned() } else { String::new() };
        let given = [
            ("organisation", hash.clone()),
            ("notes", word(notes.get())),
            ("viewers", word(viewers.get())),
        ];
        format!("/cases/{id}/report.html{}", written(&given))
    };
    view! {
        <div class="dialog-body">
            <p>"One page with findings, evidence, tokens, addresses and the time line of sessions, to be printed or saved and sent to whoever hosts the thief. That you made it is written into the audit log."</p>
            <Switch label="With notes" value=notes hint="What you and your colleagues wrote for yourselves."/>
            <Switch label="With names of viewers" value=viewers hint="As tokens say them. They are persons: strangers seldom need them."/>
        </div>
        <footer class="dialog-foot">
            <Button on_press=move |_| open.set(false)>"Cancel"</Button>
            <a class="btn btn-primary" target="_blank" rel="noopener" href=href on:click=move |_| open.set(false)>"Open report"</a>
        </footer>
    }
}
