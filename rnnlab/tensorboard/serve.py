"""TensorBoard's own program, without the lines of TensorFlow's start: `python -m rnnlab.tensorboard.serve --logdir FOLDER`."""

from rnnlab.quiet import start_quietly


def main() -> None:
    """Serve until it is stopped."""
    start_quietly()
    from tensorboard.main import run_main

    run_main()


if __name__ == "__main__":
    main()
