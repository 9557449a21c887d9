kubectl run web --image=podlab.dev/toolbox:v1 --labels=app=web --command -- true
