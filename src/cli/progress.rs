//! How far a run is, where somebody can see it; and the wish to stop it.

use std::fmt;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use ninefold::Progress;

/// The exit status of a process that was interrupted, by convention.
const INTERRUPTED: i32 = 130;

/// Shows a bar on standard error, if that is a terminal.
pub(crate) struct Bar {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

/// Asks runs to stop at the first interruption, and ends the process at the second.
pub(crate) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    // Without a handler an interruption ends the process at once: acceptable, if not as kind.
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    });
    stop
}

impl Bar {
    pub(crate) fn new(name: &str, stop: Arc<AtomicBool>) -> Bar {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        let style = "{prefix} [{bar:30}] {pos}/{len} lives, {rate}, {eta} left {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            let style =
                style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
                    let _ = out.write_str(&rate(state.per_sec()));
                });
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        Bar { bar, stop }
    }

    /// Shows how far the run is, and says whether it should go on.
    pub(crate) fn show(&self, progress: &Progress) -> ControlFlow<()> {
        self.bar.set_length(progress.most);
        self.bar.set_position(progress.replications);
        if let Some(width) = progress.relative_half_width {
            self.bar.set_message(format!(
                "(widest 95 % interval: +-{:.1} % of its estimate)",
                100.0 * width
            ));
        }
        match self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Lives a second, or seconds a life where that is more.
fn rate(per_second: f64) -> String {
    match per_second {
        per_second if per_second >= 10.0 => format!("{per_second:.0}/s"),
        per_second if per_second >= 1.0 => format!("{per_second:.1}/s"),
        per_second if per_second > 0.0 => format!("{:.1} s each", 1.0 / per_second),
        _ => "-/s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_rate_has_no_more_decimals_than_anybody_reads() {
        let rates = [(3_227.549_9, "3228/s"), (7.92, "7.9/s"), (0.04, "25.0 s each"), (0.0, "-/s")];
        for (per_second, text) in rates {
            assert_eq!(super::rate(per_second), text);
        }
    }
}
