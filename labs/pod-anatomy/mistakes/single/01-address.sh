kubectl run pair --image=podlab.dev/toolbox:v1
kubectl run helper --image=podlab.dev/toolbox:v1 -- sleep infinity
