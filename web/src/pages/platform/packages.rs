//! Which packages an organisation has, and how much of each.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        failure::Failure,
        organisation::{LimitName, Package, PackageStatus},
        platform::{self, PackageLimitsInput, PlatformOrganisation},
    },
    kit::{DialogForm, Doing, Notice, Switch, TextField, Tone, use_toasts},
};

/// A package as the form has it.
#[derive(Clone)]
struct Line {
    before: PackageStatus,
    enabled: RwSignal<bool>,
    limits: Vec<(LimitName, RwSignal<String>)>,
}

impl Line {
    fn new(before: PackageStatus, wanted: Option<Package>) -> Self {
        let limits = before
            .limits
            .iter()
            .map(|one| {
                (
                    one.name,
                    RwSignal::new(one.limit.map(|limit| limit.to_string()).unwrap_or_default()),
                )
            })
            .collect();
        Self {
            enabled: RwSignal::new(before.enabled || wanted == Some(before.package)),
            before,
            limits,
        }
    }

    /// The limits as they stand in the form; a sentence where one is no number.
    fn limits(&self) -> Result<Option<PackageLimitsInput>, Failure> {
        if self.limits.is_empty() {
            return Ok(None);
        }
        let mut limits = PackageLimitsInput::default();
        for (name, text) in &self.limits {
            let text = text.get_untracked();
            let wrong = || Failure::Refused(format!("“{text}” is no limit. A number, or nothing for none."));
            let number = match text.trim() {
                "" => None,
                text => Some(text.parse::<i32>().ok().filter(|limit| *limit >= 0).ok_or_else(wrong)?),
            };
            limits.set(*name, number);
        }
        Ok(Some(limits))
    }

    fn is_changed(&self) -> bool {
        let limits = self.before.limits.iter().zip(&self.limits).any(|(before, (_, now))| {
            before.limit.map(|limit| limit.to_string()).unwrap_or_default() != now.get_untracked().trim()
        });
        limits || self.enabled.get_untracked() != self.before.enabled
    }
}

/// The form of the dialog, `wanted` being switched on already; only what was changed is sent.
#[component]
pub(super) fn EditPackages(
    organisation: PlatformOrganisation,
    wanted: Option<Package>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let hash = organisation.hash;
    let lines: Vec<_> = organisation
        .packages
        .into_iter()
        .map(|one| Line::new(one, wanted))
        .collect();
    let shown = lines.clone();
    let submit = move |()| {
        let (hash, lines) = (hash.clone(), lines.clone());
        let saving = async move {
            for line in lines.iter().filter(|line| line.is_changed()) {
                let (package, enabled) = (line.before.package, line.enabled.get_untracked());
                let input = platform::SetPackageInput {
                    organisation: hash.clone(),
                    package,
                    enabled,
                    limits: if enabled { line.limits()? } else { None },
                };
                let set = platform::set_package(api, input).await;
                // What was set before it is set, whatever comes of this one.
                on_saved.run(());
                set?;
            }
            Ok(())
        };
        doing.run(saving, move |()| {
            open.set(false);
            toasts.good("The packages are saved.");
        });
    };
    let taken = {
        let lines = shown.clone();
        move || lines.iter().any(|line| line.before.enabled && !line.enabled.get())
    };
    view! {
        <DialogForm doing open action="Save" on_submit=submit>
            {shown.into_iter().map(|line| view! {
                <div class="stack package-line">
                    <Switch label=line.before.package.label() value=line.enabled hint=line.before.package.sentence()/>
                    <Limits limits=line.limits enabled=line.enabled/>
                </div>
            }).collect_view()}
            {move || taken().then(|| view! {
                <Notice tone=Tone::Warn>"A package that is taken away acts at once: what rests on it ends, running sessions included."</Notice>
            })}
        </DialogForm>
    }
}

/// How much of it: a field each, once the package is on.
#[component]
fn Limits(limits: Vec<(LimitName, RwSignal<String>)>, enabled: RwSignal<bool>) -> impl IntoView {
    let limits = StoredValue::new(limits);
    view! {
        <Show when=move || enabled.get() && !limits.with_value(Vec::is_empty)>
            <div class="limits">
                {limits.get_value().into_iter().map(|(name, text)| {
                    let label = match name.unit() {
                        "" => name.label().to_owned(),
                        unit => format!("{} ({unit})", name.label()),
                    };
                    view! { <TextField label value=text placeholder="No limit" kind="number"/> }
                }).collect_view()}
            </div>
        </Show>
    }
}
