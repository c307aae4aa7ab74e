"""`python cli.py …` is `recsim …`."""

from recsim.cli.main import main

if __name__ == "__main__":
    main()
