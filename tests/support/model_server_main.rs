//! The scripted model as a program: `cargo run --example model_server -- SCRIPT.json [MODEL]`.
//!
//! Prints what to write into `$CODEX_HOME/config.toml` so that Codex talks to it, and serves until its
//! standard input ends or it is killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for making recordings; it stops at the first surprise and says why"
)]

mod model_server;

use std::io::{self, Read};
use std::{env, fs, process};

use model_server::{ModelServer, codex_config};

fn main() {
    let mut args = env::args().skip(1);
    let Some(script) = args.next() else {
        eprintln!("usage: model_server SCRIPT.json [MODEL]");
        process::exit(2);
    };
    let model = args.next().unwrap_or_else(|| "gpt-5.5".to_owned());
    let text = fs::read_to_string(&script).expect("the script can be read");
    let server = ModelServer::start(serde_json::from_str(&text).expect("the script is JSON"));
    println!("# port {}", server.port());
    print!("{}", codex_config(&server.base_url(), &model));
    let mut rest = Vec::new();
    io::stdin().read_to_end(&mut rest).unwrap();
}
