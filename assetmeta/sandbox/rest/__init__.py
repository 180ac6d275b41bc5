"""What faces with a JSON REST API share: bodies, refusals, formats, throttle, as Django REST framework has them."""
