//! A list of steps, each with its name, its time and its outcome, told again at the end.

use std::time::{Duration, Instant};

use anyhow::bail;

/// What was done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

impl Steps {
    /// Takes a step; a failure is printed and kept, so that the next steps can still be taken.
    ///
    /// Returns whether it succeeded.
    pub(crate) fn take(&mut self, name: &'static str, step: impl FnOnce() -> anyhow::Result<()>) -> bool {
        println!("\n── {name} ──");
        let (took, outcome) = timed(step);
        let error = outcome.err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            println!("error: {error}");
        }
        let succeeded = error.is_none();
        self.done.push(Step { name, took, error });
        succeeded
    }

    /// Notes a step that could not be taken, because one that it needs failed.
    pub(crate) fn skip(&mut self, name: &'static str) {
        self.done.push(Step {
            name,
            took: Duration::ZERO,
            error: Some("skipped".to_owned()),
        });
    }

    /// Prints what each step took, and fails if one did.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        println!();
        for step in &self.done {
            let outcome = step.error.as_deref().map_or("ok", |_| "FAILED");
            println!("{outcome:>6}  {:>7.1} s  {}", step.took.as_secs_f64(), step.name);
        }
        let total: Duration = self.done.iter().map(|step| step.took).sum();
        println!("        {:>7.1} s  in all", total.as_secs_f64());
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|step| step.error.is_some())
            .map(|step| step.name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a developer waits is measured by the system's clock"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let outcome = work();
    (start.elapsed(), outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_whole_and_the_others_are_still_taken() {
        let mut steps = Steps::default();
        let mut taken = 0;
        assert!(!steps.take("first", || anyhow::bail!("no")));
        assert!(steps.take("second", || {
            taken += 1;
            Ok(())
        }));
        assert_eq!(taken, 1);
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
    }
}
