//! One file a verb. They join the stages and hold no logic of their own.

mod compare;
mod diagnose;
mod existing;
mod explain;
mod gather;
mod generate;
mod init;
mod output;
mod prove;
mod runs;
mod schema;
#[cfg(feature = "torch")]
mod trial;
mod untrained;
mod watch;

use crate::{
    cli::{Cli, Format, Verb},
    error::Exit,
};

/// What every verb may need to know of the call.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// How results are printed.
    pub format: Format,
    /// Whether progress is kept from standard error.
    pub quiet: bool,
}

/// Does what the command line says.
pub fn run(cli: Cli) -> miette::Result<Exit> {
    let manner = Manner { format: cli.format, quiet: cli.quiet };
    match cli.verb {
        Verb::Diagnose(arguments) if arguments.subject.is_dir() => existing::judge_runs(&arguments, manner),
        Verb::Diagnose(arguments) if arguments.no_train => untrained::run(&arguments, manner),
        Verb::Diagnose(arguments) => diagnose::run(&arguments, manner),
        Verb::Compare(arguments) => compare::run(&arguments, manner),
        Verb::Report(arguments) => existing::draw_again(&arguments, manner),
        Verb::Explain(arguments) => explain::run(&arguments, manner),
        Verb::Schema { document } => schema::run(document),
        Verb::Init { file } => init::run(&file, manner),
        Verb::Completions { shell } => generate::completions(shell),
        Verb::Man { verb } => generate::manual(verb.as_deref()),
        #[cfg(feature = "torch")]
        Verb::Trial { dir, watch_stdin, grace } => {
            trial::run(&dir, watch_stdin.then(|| std::time::Duration::from_secs(grace)))
        }
        #[cfg(not(feature = "torch"))]
        Verb::Trial { .. } => Err(crate::error::UsageError::NoTorch.into()),
    }
}
