kubectl set image pod/mill app=podlab.dev/toolbox:v1
