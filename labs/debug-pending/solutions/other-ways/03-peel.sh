podlab answer order "the label that no node has"
kubectl delete pod train --now
cat > train.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: train
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    persistentVolumeClaim:
      claimName: train-data
END
kubectl apply -f train.yaml -f train-claim.yaml
