kubectl run web --image=podlab.dev/toolbox:v1
