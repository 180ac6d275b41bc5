"""`python -m assetmeta.sandbox` is `assetmeta sandbox`."""

from assetmeta.sandbox.command import main

if __name__ == "__main__":
    main()
