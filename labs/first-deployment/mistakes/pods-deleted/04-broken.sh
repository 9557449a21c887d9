kubectl run web-next --image=podlab.dev/none:v2 --labels=app=web
