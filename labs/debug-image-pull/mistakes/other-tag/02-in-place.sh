kubectl set image pod/elm app=podlab.dev/toolbox:v1
kubectl set image pod/oak app=podlab.dev/Toolbox:v2
