"""`python -m assetmeta` is the console command."""

from assetmeta.tools.cli import main

if __name__ == "__main__":
    main()
