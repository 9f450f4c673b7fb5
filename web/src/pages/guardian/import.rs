//! Rules from a file: read as soon as it is chosen, so that what it would do, or what is wrong with it, is seen before.

use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

use super::{List, form};
use crate::{
    api::{
        client::use_api,
        rule_import::{self, ImportGuardianRulesInput, Imported},
    },
    kit::{Dialog, DialogForm, Doing, Icon, Load, Notice, Tone, use_toasts},
    time,
};

/// A file that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chosen {
    name: String,
    /// What is in it; none where it is too large.
    text: Option<String>,
}

/// What a file would do: what is wrong with it, or how many rules it makes.
type Checked = Result<Imported, Vec<String>>;

/// Asks for a file.
#[component]
pub(super) fn Import(open: RwSignal<bool>, load: List) -> impl IntoView {
    view! {
        <Dialog open title="Import rules" wide=true><Form open load/></Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let chosen = RwSignal::new(None::<Chosen>);
    let checked: Load<Option<Checked>> = Load::new(move || {
        let input = chosen.get().and_then(|chosen| input(&chosen, true));
        async move {
            match input {
                Some(input) => rule_import::import(api, input).await.map(Some),
                None => Ok(None),
            }
        }
    });
    // A file is not judged by what was said of the one before.
    Effect::new(move |_| {
        chosen.track();
        checked.value().set(None);
    });
    let makes = Memo::new(move |_| {
        let checked = checked.value().get().flatten();
        checked.and_then(Result::ok).map_or(0, |imported| imported.made)
    });
    let submit = move |()| {
        let input = chosen.get_untracked().and_then(|chosen| input(&chosen, false));
        let (Some(input), true) = (input, makes.get_untracked() > 0) else {
            return;
        };
        doing.run(rule_import::import(api, input), move |done| match done {
            Err(wrong) => {
                if let Some(why) = wrong.into_iter().next() {
                    doing.refuse(None, why);
                }
            }
            Ok(imported) => {
                open.set(false);
                load.again();
                let what = match imported.made {
                    1 => "The rule is in force".to_owned(),
                    made => format!("{} are in force", time::count(made, "rule", "rules")),
                };
                toasts.good(form::done(&what, imported.change.as_ref()));
            }
        });
    };
    let action = Signal::derive(move || match makes.get() {
        0 => "Import".to_owned(),
        made => format!("Import {}", time::count(made, "rule", "rules")),
    });
    let barred = Signal::derive(move || (makes.get() == 0).then(|| "Choose a file that makes a rule.".to_owned()));
    view! {
        <DialogForm doing open action barred on_submit=submit>
            <p class="soft">"A file of CSV, whose first line names its columns, or of JSON: what Export makes. All of its rules are made by one change, or none."</p>
            <Chooser chosen/>
            {move || chosen.get().filter(|chosen| chosen.text.is_none()).map(|_| view! {
                <Notice tone=Tone::Bad>"The file is larger than 3 MB: make several of it."</Notice>
            })}
            {move || checked.failure().get().map(|failure| view! { <Notice tone=Tone::Bad>{failure.to_string()}</Notice> })}
            {move || checked.value().get().flatten().map(told)}
            <details class="trial">
                <summary>"Columns"</summary>
                <p><span class="mono">"kind"</span>" (IP, ASN, COUNTRY, REFERRER, USER_AGENT), "<span class="mono">"value"</span>" and "<span class="mono">"action"</span>" (DENY, ALLOW) there must be; "<span class="mono">"mode"</span>" (ENFORCE, MONITOR), "<span class="mono">"door"</span>" (PLAYBACK, INGEST, BOTH), "<span class="mono">"stream"</span>" and "<span class="mono">"group"</span>" by their names, "<span class="mono">"expiresAt"</span>" and "<span class="mono">"note"</span>" there may be."</p>
            </details>
        </DialogForm>
    }
}

/// Where a file is chosen.
#[component]
fn Chooser(chosen: RwSignal<Option<Chosen>>) -> impl IntoView {
    let changed = move |event: ev::Event| {
        let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
        let Some(file) = input.and_then(|input| input.files()?.get(0)) else {
            return;
        };
        let name = file.name();
        if file.size() > LARGEST {
            return chosen.set(Some(Chosen { name, text: None }));
        }
        spawn_local(async move {
            let text = JsFuture::from(file.text()).await;
            let text = text.ok().and_then(|text| text.as_string());
            // The dialog may be gone.
            let _ = chosen.try_set(Some(Chosen {
                name,
                text: Some(text.unwrap_or_default()),
            }));
        });
    };
    let name = move || chosen.with(|chosen| chosen.as_ref().map(|chosen| chosen.name.clone()));
    view! {
        <label class="chooser">
            <input type="file" class="sr-only" accept=".csv,.json,text/csv,application/json" autofocus=true on:change=changed/>
            <Icon of=icondata_lu::LuFileUp/>
            <span>{move || name().unwrap_or_else(|| "Choose a file".to_owned())}</span>
        </label>
    }
}

fn told(checked: Checked) -> AnyView {
    let rules = |count| time::count(count, "rule", "rules");
    match checked {
        Err(wrong) => view! {
            <Notice tone=Tone::Bad>
                <p>"Nothing of it can be imported."</p>
                <ul class="wrong-lines">{wrong.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ul>
            </Notice>
        }
        .into_any(),
        Ok(Imported {
            made: 0, unchanged: 0, ..
        }) => view! { <Notice tone=Tone::Warn>"There is no rule in it."</Notice> }.into_any(),
        Ok(Imported { made: 0, .. }) => {
            view! { <Notice tone=Tone::Calm>"All of its rules are there already."</Notice> }.into_any()
        }
        Ok(Imported { made, unchanged, .. }) => {
            let there = match unchanged {
                0 => String::new(),
                1 => " One is there already.".to_owned(),
                unchanged => format!(" {unchanged} are there already."),
            };
            view! { <Notice tone=Tone::Good>{format!("Makes {}, in force at once, on whoever is watching too.{there}", rules(made))}</Notice> }.into_any()
        }
    }
}

fn input(chosen: &Chosen, dry_run: bool) -> Option<ImportGuardianRulesInput> {
    let text = chosen.text.clone()?;
    let is_json = chosen.name.to_lowercase().ends_with(".json") || text.trim_start().starts_with('[');
    let (csv, json) = if is_json {
        (None, Some(text))
    } else {
        (Some(text), None)
    };
    Some(ImportGuardianRulesInput {
        csv,
        json,
        rules: None,
        dry_run,
    })
}

/// Bytes of a file; as JSON it becomes somewhat more than that.
const LARGEST: f64 = 3.0 * 1024.0 * 1024.0;
